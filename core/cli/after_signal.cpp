// SPDX-License-Identifier: Apache-2.0
#include "core/cli/after_signal.hpp"

#include <signal.h>

#include <array>
#include <string>

#include "core/base/error.hpp"
#include "core/cli/tool.hpp"

namespace cairn::tools {
namespace {

struct Named {
  const char* option;
  int signal;
  const char* help;
};
constexpr std::array<Named, 6> kNamed{{{"run", 0, "let the processes go on (default)"},
                                       {"stop", SIGSTOP, "stop them (SIGSTOP)"},
                                       {"term", SIGTERM, "end them (SIGTERM)"},
                                       {"abort", SIGABRT, "end them with a core file (SIGABRT)"},
                                       {"kill", SIGKILL, "kill them (SIGKILL)"},
                                       {"cont", SIGCONT, "wake them up (SIGCONT)"}}};

}  // namespace

boost::program_options::options_description after_signal_options() {
  boost::program_options::options_description group("What happens afterwards");
  auto add = group.add_options();
  add("signal,S", boost::program_options::value<std::string>()->value_name("NUM"), "send this signal to the processes");
  for (const Named& named : kNamed) add(named.option, named.help);
  return group;
}

int after_signal(const boost::program_options::variables_map& options) {
  int chosen = 0, count = 0;
  if (options.count("signal") != 0) {
    chosen = parse_signal(options["signal"].as<std::string>());
    ++count;
  }
  for (const Named& named : kNamed) {
    if (options.count(named.option) == 0) continue;
    chosen = named.signal;
    ++count;
  }
  if (count > 1) throw ArgumentError("more than one of --signal, --run, --stop, --term, --abort, --kill, --cont");
  return chosen;
}

}  // namespace cairn::tools
