// SPDX-License-Identifier: Apache-2.0
#include "core/cli/after_signal.hpp"

#include <signal.h>
#include <string.h>

#include <array>

namespace cairn::cli {
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

int parse_signal(const std::string& text) {
  if (const auto number = parse_number<int>(text); number && *number > 0 && *number <= SIGRTMAX) return *number;
  const std::string name = text.starts_with("SIG") ? text.substr(3) : text;
  for (int i = 1; i < NSIG; ++i) {
    const char* abbreviation = sigabbrev_np(i);
    if (abbreviation != nullptr && name == abbreviation) return i;
  }
  throw ArgumentError("there is no signal '" + text + "'");
}

OptionGroup after_signal_options() {
  OptionGroup group{"What happens afterwards", {{"signal,S", "NUM", "send this signal to the processes"}}};
  for (const Named& named : kNamed) group.options.push_back({named.option, "", named.help});
  return group;
}

int after_signal(const Given& given) {
  int chosen = 0, count = 0;
  if (given.has("signal")) {
    chosen = parse_signal(given.text("signal"));
    ++count;
  }
  for (const Named& named : kNamed) {
    if (!given.has(named.option)) continue;
    chosen = named.signal;
    ++count;
  }
  if (count > 1)
    throw ArgumentError("more than one of --signal, --run, --stop, --term, --abort, --kill and --cont was given");
  return chosen;
}

}  // namespace cairn::cli
