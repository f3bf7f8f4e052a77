// SPDX-License-Identifier: Apache-2.0
// cr_restart [options] FILE: brings a saved process back. Where the process can have its old number, this command
// is its parent and stands for it: it passes signals on and ends as the process ends. Started by libcr for a program,
// it becomes the single process itself, whose parent is that program then.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/abi/control_address.hpp"
#include "core/abi/held_signals.hpp"
#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/numbered_fork.hpp"
#include "core/base/unique_fd.hpp"
#include "core/cli/announced.hpp"
#include "core/cli/borrowed.hpp"
#include "core/cli/child.hpp"
#include "core/cli/installation.hpp"
#include "core/cli/rank_image.hpp"
#include "core/cli/report.hpp"
#include "core/cli/restart_caller.hpp"
#include "core/cli/restart_options.hpp"
#include "core/context/group_index.hpp"
#include "core/context/image_name.hpp"
#include "core/context/reader.hpp"
#include "core/group/group_start.hpp"
#include "core/group/process_space.hpp"
#include "core/state/made.hpp"

namespace cairn::cli {
namespace {

constexpr char kCommand[] = "cr_restart";

// The file by a name that can be opened any number of times: what comes from a pipe has been copied.
class ContextFile {
 public:
  explicit ContextFile(const std::string& path)
      : path_(path), name_(context::image_name(path)), fd_(context::open_image(path)) {
    struct stat named {
    }, opened{};
    const bool lasting = fstat(fd_.get(), &opened) == 0 && stat(path.c_str(), &named) == 0 &&
                         named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
    if (!lasting) path_ = "/proc/self/fd/" + std::to_string(fd_.get());
  }
  const std::string& path() const { return path_; }
  // In the child that becomes the host.
  void hand_over() const { fcntl(fd_.get(), F_SETFD, 0); }
  // Everything that can be wrong with it is found here, before anything is started.
  pid_t read_number() const {
    const auto image = context::Reader::open(UniqueFd(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0)), name_, ".");
    refuse_rank(image, path_);
    return static_cast<pid_t>(image.header().pid);
  }

 private:
  std::string path_, name_;
  UniqueFd fd_;
};

void run_hook(const std::string& command) {
  if (!command.empty() && std::system(command.c_str()) == -1)
    complain(kCommand, with_errno("cannot run " + command, errno));
}

void run_failure_hooks(const RestartOptions& options, int code) {
  run_hook(options.on_failure);
  const int index = code == CAIRN_EXIT_ARGUMENTS     ? 0
                    : code == CAIRN_EXIT_TEMPORARY   ? 1
                    : code == CAIRN_EXIT_ENVIRONMENT ? 2
                                                     : 3;
  run_hook(options.on_class[static_cast<std::size_t>(index)]);
}

using Space = std::unique_ptr<group::ProcessSpace>;

// Of the processes, and of groups whose leader is none of them. None of a single process: it may have any.
std::vector<pid_t> numbers_of(const context::GroupIndex& index) {
  std::set<pid_t> numbers;
  for (const context::GroupProcess& process : index.processes) {
    numbers.insert(process.pid);
    if (process.group != index.processes.front().group) numbers.insert(process.group);
  }
  if (numbers.size() == 1) return {};
  return {numbers.begin(), numbers.end()};
}

// The namespace in which the processes are to be; null: this command's. `tree`: several, which must have these numbers.
Space space_for(const RestartOptions& options, const std::vector<pid_t>& tree) {
  if (!options.restore_pid || options.pid_namespace == "never") return nullptr;
  if (options.pid_namespace != "always" && may_give_numbers(tree)) return nullptr;
  try {
    return std::make_unique<group::ProcessSpace>();
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(std::string(error.what()) + needs_numbers);
  }
}

void tell_of_space(const RestartOptions& options, const group::ProcessSpace& space, pid_t number, pid_t outside) {
  if (options.quiet) return;
  const char* const limits = space.has_other_users() ? "; set-id programs and ssh do not work in it" : "";
  complain(kCommand, "process " + std::to_string(number) + " goes on in a process namespace of its own: from outside " +
                         "it is process " + std::to_string(outside) + limits);
}

std::string advice(const Space& space) { return std::string(needs_numbers) + (space ? "" : may_have_namespace); }

// How the process is made that has this number.
Birth birth_of(const Space& space, pid_t number, bool only_that_number) {
  Birth birth{number, only_that_number && number != 0, advice(space), {}};
  if (space) {
    birth.only_that_number = true;
    birth.fork = [&space, number] { return space->fork_inside(number); };
  }
  return birth;
}

UniqueFd announce(const Space& space, pid_t number) {
  return announced(space ? ControlAddress::of_restart({space->number(), number}) : ControlAddress::of_restart(number));
}

// The descriptor by which the restarted program says that it goes on; closed without a word if it does not.
class StartedPipe {
 public:
  StartedPipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError(with_errno("pipe", errno));
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
  }
  int theirs() const { return theirs_.get(); }
  // Once the child has its own. 0 if the program does not go on, else what core/abi/restart_options.hpp says.
  char wait() {
    theirs_.reset();
    char byte = 0;
    ssize_t n = 0;
    while ((n = read(ours_.get(), &byte, 1)) < 0 && errno == EINTR) {
    }
    return n == 1 ? byte : '\0';
  }

 private:
  UniqueFd ours_, theirs_;
};

// The terminal sends its own signals to the whole group. Cairn's own would tell the program nothing.
Child::Manner manner_of_program() {
  Child::Manner manner{.passed_on = signals_to_pass_on(JobControl::of_group)};
  std::erase(manner.passed_on, CAIRN_STOP_SIGNAL);
  return manner;
}

// Of a restart whose first process ended before the program went on.
int code_of_failed_start(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : CAIRN_EXIT_PERMANENT; }

void start_group(group::GroupStart& group, Child& child, const std::string& host, const Space& space,
                 bool restore_pid) {
  // Who loses its parent in a start that fails is ours to wait for.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const std::size_t place : group.beside_first()) {
    const pid_t number = restore_pid ? group.number_of(place) : 0;
    child.start_beside([&group, place] { group.become_beside(place); }, birth_of(space, number, true));
  }
  const pid_t wanted = restore_pid ? group.number_of(0) : 0;
  child.start(
      host, {host, "--cairn-restart", group.file_of_first()}, [&] { group.become_first(); },
      birth_of(space, wanted, group.size() > 1));
  for (const std::string& note : group.notes()) complain(kCommand, note);
  group.forget_shared();
}

int restart_group(RestartOptions& options, RestartCaller& caller) {
  const std::string host = installed_host("cairn-host");
  options.host.keep_numbers = options.restore_pid && !options.quiet;
  const context::GroupIndex index = context::read_group_index(options.file);
  if (index.leader_beside) {
    const std::string leader = context::leader_file_beside(options.file);
    refuse_rank(context::Reader::open(leader), leader);
  }
  const Space space = space_for(options, numbers_of(index));
  group::GroupStart group(options.file, options.host, {host, host}, options.restore_pid, space.get(), advice(space));
  std::vector<UniqueFd> announcements;
  for (const pid_t number : group.numbers()) {
    if (options.restore_pid) announcements.push_back(announce(space, number));
  }
  const Borrowed borrowed;
  Child child(manner_of_program());
  start_group(group, child, host, space, options.restore_pid);
  const char started_as = group.wait_started();
  prctl(PR_SET_CHILD_SUBREAPER, 0);
  const bool goes_on = started_as != '\0';
  announcements.clear();
  if (goes_on) {
    state::keep_made();
    if (space) tell_of_space(options, *space, group.number_of(0), child.pid());
    caller.hears_start(started_as);
    run_hook(options.on_success);
  }
  const int status = child.wait({});
  if (goes_on && space) space->leave();
  if (started_as != restart::started_plainly) borrowed.put_back();
  if (goes_on) return end_like(status);
  state::remove_made();
  const int code = group.failure() >= 0 ? group.failure() : code_of_failed_start(status);
  run_failure_hooks(options, code);
  return code;
}

[[noreturn]] void become_process(RestartOptions& options, const RestartCaller& caller, const std::string& host,
                                 const ContextFile& file) {
  caller.hand_over(options.host);
  options.host.keep_numbers = options.restore_pid;
  file.hand_over();
  setenv(restart::options_variable, restart::to_text(options.host).c_str(), 1);
  execute(host, {host, "--cairn-restart", file.path()});
}

int restart_process(RestartOptions& options, const RestartCaller& caller) {
  const std::string host = installed_host("cairn-host");
  const ContextFile file(options.file);
  const pid_t number = file.read_number();
  if (caller.listens()) become_process(options, caller, host, file);
  const Space space = space_for(options, {});
  UniqueFd announcement = options.restore_pid ? announce(space, number) : UniqueFd();
  StartedPipe started;
  const Borrowed borrowed;
  options.host.started = started.theirs();
  options.host.keep_numbers = options.restore_pid && !options.quiet;
  if (space) options.host.lent = space->lent();
  const std::string host_options = restart::to_text(options.host);
  Child child(manner_of_program());
  const auto prepare = [&] {
    restart::hold_signals();
    fcntl(started.theirs(), F_SETFD, 0);
    file.hand_over();
    if (space) space->lend_rights();
    setenv(restart::options_variable, host_options.c_str(), 1);
  };
  child.start(host, {host, "--cairn-restart", file.path()}, prepare,
              birth_of(space, options.restore_pid ? number : 0, false));
  const char started_as = started.wait();
  const bool goes_on = started_as != '\0';
  announcement.reset();
  if (goes_on && space) tell_of_space(options, *space, number, child.pid());
  if (goes_on) run_hook(options.on_success);
  const int status = child.wait({});
  if (goes_on && space) space->leave();
  if (started_as != restart::started_plainly) borrowed.put_back();
  if (!goes_on) run_failure_hooks(options, code_of_failed_start(status));
  return end_like(status);
}

bool is_directory(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

int run(RestartOptions& options, RestartCaller& caller) {
  try {
    if (!is_directory(options.file)) return restart_process(options, caller);
    context::require_group(options.file);
    return restart_group(options, caller);
  } catch (const Error& error) {
    state::remove_made();
    run_failure_hooks(options, error.code());
    if (options.messages) throw;
    complain(kCommand, options.file + " could not be restarted");
    return error.code();
  }
}

}  // namespace
}  // namespace cairn::cli

int main(int argc, char** argv) {
  using namespace cairn;
  cli::RestartCaller caller;
  const int code = cli::run_command(cli::kCommand, cli::Voice::line, [&]() -> int {
    restart::Options asked = restart::take_options();
    caller.listen(asked);
    auto options = cli::parse_restart({argv + 1, argv + argc}, std::move(asked));
    return options ? cli::run(*options, caller) : CAIRN_EXIT_OK;
  });
  caller.hears_failure(code);
  return code;
}
