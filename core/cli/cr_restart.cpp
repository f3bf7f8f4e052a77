// SPDX-License-Identifier: Apache-2.0
// cr_restart [options] FILE: brings a saved process back. Where the process can have its old number, this command
// is its parent and stands for it: it passes signals on and ends as the process ends.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/cli/child.hpp"
#include "core/cli/restart_options.hpp"
#include "core/cli/tool.hpp"
#include "core/context/reader.hpp"

namespace {

using cairn::tools::Child;
using cairn::tools::RestartOptions;

// Everything that can be wrong with the file is found here, before anything is started.
pid_t read_number(const std::string& file) {
  return static_cast<pid_t>(cairn::context::Reader::open(file).header().pid);
}

[[noreturn]] void become_host(const std::string& host, const RestartOptions& options) {
  setenv(cairn::restart::options_variable, cairn::restart::to_text(options.host).c_str(), 1);
  execl(host.c_str(), host.c_str(), "--cairn-restart", options.file.c_str(), nullptr);
  throw cairn::EnvironmentError(cairn::with_errno("cannot run " + host, errno));
}

void run_hook(const std::string& command) {
  if (!command.empty() && std::system(command.c_str()) == -1)
    cairn::tools::complain("cr_restart", cairn::with_errno("cannot run " + command, errno));
}

void run_failure_hooks(const RestartOptions& options, int code) {
  run_hook(options.on_failure);
  const int index = code == CAIRN_EXIT_ARGUMENTS     ? 0
                    : code == CAIRN_EXIT_TEMPORARY   ? 1
                    : code == CAIRN_EXIT_ENVIRONMENT ? 2
                                                     : 3;
  run_hook(options.on_class[static_cast<std::size_t>(index)]);
}

int stand_for(Child& child, const RestartOptions& options) {
  const bool started = child.wait_until_started();
  if (started) {
    run_hook(options.on_success);
  } else {
    run_failure_hooks(options, child.wait_for_failure());
  }
  return child.end_as_it_does();
}

int restart(RestartOptions& options) {
  const std::string host = cairn::tools::host_program();
  const pid_t number = read_number(options.file);
  options.host.keep_numbers = options.restore_pid && !options.quiet;
  Child child(options.restore_pid ? number : 0, [&](int started) {
    options.host.started = started;
    become_host(host, options);
  });
  return stand_for(child, options);
}

int run(int argc, char** argv) {
  RestartOptions options;
  if (!cairn::tools::parse_restart_options(argc, argv, options)) return CAIRN_EXIT_OK;
  try {
    return restart(options);
  } catch (const cairn::Error& error) {
    run_failure_hooks(options, error.code());
    if (options.messages) throw;
    cairn::tools::complain("cr_restart", options.file + " could not be restarted");
    return error.code();
  }
}

}  // namespace

int main(int argc, char** argv) {
  return cairn::tools::run_tool("cr_restart", [&] { return run(argc, argv); });
}
