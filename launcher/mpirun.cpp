// SPDX-License-Identifier: Apache-2.0
// mpirun: without --with-cr the real one, untouched; with it, the real one as a child, its ranks hosted, and beside it
// the coordinator that takes requests for checkpoints.
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/abi/crossing_variable.hpp"
#include "core/abi/forwarded_input.hpp"
#include "core/abi/restart_options.hpp"
#include "core/base/error.hpp"
#include "core/base/field_text.hpp"
#include "core/base/text.hpp"
#include "core/cli/child.hpp"
#include "core/cli/engine_check.hpp"
#include "core/cli/installation.hpp"
#include "core/cli/report.hpp"
#include "launcher/mca_environment.hpp"
#include "launcher/mpirun_options.hpp"
#include "launcher/open_mpi_options.hpp"
#include "launcher/other_nodes.hpp"
#include "launcher/real_mpirun.hpp"
#include "launcher/regular_checkpoints.hpp"
#include "launcher/standard_input.hpp"
#include "launcher/versions.hpp"
#include "pmix/coordinator/coordinator.hpp"
#include "pmix/coordinator/leftovers.hpp"
#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/coordinator/tool_server.hpp"
#include "pmix/transport/coordinator_address.hpp"

namespace cairn::launcher {
namespace {

constexpr char kMpirunVariable[] = "CAIRN_MPIRUN";
constexpr char kCommand[] = "mpirun";
constexpr char kDirectoryOption[] = "--cr-dir";
constexpr double kDrainSeconds = 10;
constexpr double kSettleSeconds = 120;
// A second request to end within 5 s makes Open MPI drop everything; kill(-group) and timeout(1) send two.
constexpr double kOnceWithin = 6;

// Open MPI takes an absolute argv[0] for a request to use its prefix on other nodes.
std::string argv0_for(const std::string& ours, const std::string& real) {
  return ours.starts_with("/") ? real : "mpirun";
}

[[noreturn]] void become_real_mpirun(std::vector<std::string> words) {
  guard_against_recursion();
  const std::string real = real_mpirun();
  words.front() = argv0_for(words.front(), real);
  cli::execute(real, words);
}

// On a terminal the job is its foreground job, and stays in our process group.
cli::Child::Manner manner_of_job() {
  return {.passed_on = cli::signals_to_pass_on(cli::JobControl::passed_on),
          .own_group = ::isatty(STDIN_FILENO) == 0,
          .ends_with_us = true,
          .once_within = kOnceWithin};
}

std::string absolute(const std::string& directory) {
  char path[PATH_MAX];
  const std::string wanted = directory.empty() ? "." : directory;
  if (::realpath(wanted.c_str(), path) == nullptr) throw EnvironmentError(with_errno("--cr-dir " + wanted, errno));
  return path;
}

// Better now than at the first checkpoint. Who has not said where snapshots go may not want any: a job that can run
// there does.
void check_directory(const MpirunOptions& options, const pmix::Coordinator& coordinator) {
  try {
    coordinator.check_directory();
  } catch (const Error& error) {
    const std::string text = std::string("snapshots cannot be put into ") + absolute(options.directory) + ": " +
                             error.what() + "; choose another directory by --cr-dir";
    if (!options.directory.empty()) throw Error(error.code(), text);
    cli::complain(kCommand, text);
  }
}

// The same for an engine that no checkpoint could be taken with. Ranks on other nodes may have it, and a job that is
// restarted where it is not shall go on.
void check_named_engine(const MpirunOptions& options) {
  try {
    cli::check_engine("--cr-engine", std::string(options.parameters.engine.view()));
  } catch (const Error& error) {
    if (options.restart.empty() && !may_use_other_nodes(options.arguments)) throw;
    cli::complain(kCommand, error.what());
  }
}

std::string working_directory() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof(path)) == nullptr ? "" : path;
}

std::string program_in_words(const MpirunOptions& options) {
  if (options.restart.empty()) return options.program;
  return options.program + (options.program.empty() ? "" : ", ") + "restarted from " + options.restart;
}

// Names on the way to it may be others in a restart: those of "..".
std::vector<std::string> with_absolute_directory(const MpirunOptions& options) {
  std::vector<std::string> words = options.own_arguments;
  const std::string joined = std::string(kDirectoryOption) + "=";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(joined)) words[i] = joined + absolute(options.directory);
    if (words[i] == kDirectoryOption && ++i < words.size()) words[i] = absolute(options.directory);
  }
  return words;
}

pmix::Coordinator::Settings settings_for(const MpirunOptions& options, const cli::Child& job) {
  pmix::Coordinator::Settings s;
  s.parent_directory = absolute(options.directory);
  s.parameters = options.parameters;
  s.keep = options.keep;
  s.every = options.every;
  s.program = program_in_words(options);
  s.report = [](const std::string& line) { cli::complain(kCommand, line); };
  s.stop_job = [&job] { job.send(SIGTSTP); };
  s.job.mpirun_pid = static_cast<std::uint64_t>(::getpid());
  s.job.created = manifest::iso_time_now();
  s.job.cairn_version = kCairnVersion;
  s.job.openmpi_version = kOpenMpiVersion;
  s.job.pmix_version = kPmixVersion;
  s.job.program = options.program;
  s.job.working_directory = working_directory();
  s.job.arguments = options.arguments;
  s.job.own_arguments = with_absolute_directory(options);
  s.job.environment = mca_environment();
  s.job.restarted_from = options.restart;
  return s;
}

std::vector<std::string> real_arguments(const MpirunOptions& options) {
  const std::string host = cli::installed_host("cairn-mpi-host");
  std::vector<std::string> variables = {pmix::kCoordinatorVariable, pmix::kCoordinatorKeyVariable, kMpirunVariable};
  for (const char* name : {restart::options_variable, forwarded_input_variable, crossing_variable})
    if (std::getenv(name) != nullptr) variables.emplace_back(name);
  std::vector<std::string> arguments = export_variables(options.arguments, variables);
  if (options.restart.empty()) {
    if (host.find(' ') != std::string::npos)
      throw EnvironmentError(host + " has a blank in its path, which Open MPI cannot start; install Cairn elsewhere");
    arguments.insert(arguments.begin(), {"--mca", "orte_fork_agent", host});
  } else {
    // The host is the program of each application context, and revives.
    for (std::size_t i = 0; i <= arguments.size(); ++i) {
      if (i != arguments.size() && arguments[i] != ":") continue;
      arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(i), {host, "--cairn-restart", options.restart});
      i += 3;
    }
  }
  return arguments;
}

void report_result(const Record& answer) {
  if (pmix::is<pmix::Failed>(answer)) {
    cli::complain(kCommand, "checkpoint failed: " + pmix::from_record<pmix::Failed>(answer).text);
  } else {
    const auto done = pmix::from_record<pmix::Done>(answer);
    std::fprintf(stderr, "mpirun: Snapshot Ref.: %3llu %s\n", static_cast<unsigned long long>(done.sequence),
                 base_name(done.snapshot).c_str());
    if (!done.note.empty()) cli::complain(kCommand, done.note);
  }
}

// Of a request that nobody waits for. After the job has been checkpointed to end, a second signal asks for what has
// been done.
void report_unasked(const pmix::Coordinator& coordinator, const Record& answer) {
  if (pmix::is<pmix::Done>(answer) || !coordinator.checkpointed_and_stopped()) report_result(answer);
}

cli::Child::Events events_for(const MpirunOptions& options, pmix::Coordinator& coordinator) {
  cli::Child::Events events;
  events.period = options.every;
  const auto report = [&coordinator](const Record& answer) { report_unasked(coordinator, answer); };
  events.on_timer = [regular = RegularCheckpoints(coordinator, options.every, report, [](const std::string& line) {
                       cli::complain(kCommand, line);
                     })]() mutable { regular.due(); };
  if (!options.signals.empty()) {
    events.on_signal = [&coordinator, signals = options.signals, report](int signal) {
      const auto asked = signals.find(signal);
      if (asked == signals.end()) return false;
      pmix::CheckpointWish wish;
      wish.term = asked->second;
      wish.patient = true;  // a signal comes but once
      coordinator.request(pmix::to_record(wish), report);
      return true;
    };
  }
  return events;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "mpirun was ended by signal " + std::to_string(WTERMSIG(status));
  return "mpirun ended with exit code " + std::to_string(WEXITSTATUS(status));
}

// In the child. Without it the session directory stays if both mpiruns are killed; the job is none the worse.
void note_job(const pmix::RuntimeDirectory& runtime) {
  try {
    pmix::write_job(runtime.path());
  } catch (const Error&) {
  }
}

// Runs the job to its end; the exit code of mpirun.
int run_with_checkpoints(const MpirunOptions& options, const std::string& own_name) {
  ::mallopt(M_ARENA_MAX, 1);  // threads come and go with requests; another arena for one is 0.8 MB for ever
  const std::string real = real_mpirun();
  cli::Child job(manner_of_job());
  // The coordinator's threads never end, and neither does it.
  auto& coordinator = *new pmix::Coordinator(settings_for(options, job));
  check_directory(options, coordinator);
  check_named_engine(options);
  std::map<std::string, std::string> variables = coordinator.environment();
  variables[kMpirunVariable] = std::to_string(::getpid());
  auto runtime = std::make_unique<pmix::RuntimeDirectory>(coordinator.snapshot());
  ::setenv(forwarded_input_variable, forwarded_input(options.arguments).text().c_str(), 1);
  std::vector<std::string> words = real_arguments(options);
  words.insert(words.begin(), argv0_for(own_name, real));
  // Whoever read what we report may be gone: that must not end the job.
  const auto on_broken_pipe = ::signal(SIGPIPE, SIG_IGN);
  job.start(real, words, [&variables, &runtime, on_broken_pipe] {
    ::signal(SIGPIPE, on_broken_pipe);
    read_terminal_without_waiting();
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    note_job(*runtime);
  });
  std::unique_ptr<pmix::ToolServer> server;
  try {
    coordinator.start();
    server = std::make_unique<pmix::ToolServer>(
        runtime->path(), runtime->cookie(),
        [&coordinator](const Record& r, auto reply) { coordinator.request(r, std::move(reply)); });
    runtime->publish();
  } catch (const std::exception& e) {  // no thread to be had, too
    cli::complain(kCommand, std::string(e.what()) + "; the job runs, but ompi-checkpoint cannot reach it");
  }
  const int status = job.wait(events_for(options, coordinator));
  coordinator.job_ended(how_it_ended(status));
  if (server) server->drain(kDrainSeconds);
  if (!coordinator.settle(kSettleSeconds))
    cli::complain(kCommand, "not all old snapshots are removed yet; `ompi-snapshot prune` removes the rest");
  runtime.reset();
  const int code = cli::exit_code_of(status);
  return code == 0 && coordinator.checkpointed_and_stopped() ? CAIRN_EXIT_CHECKPOINTED : code;
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  const int code = cairn::cli::run_command(kCommand, cairn::cli::Voice::framed, [&] {
    const MpirunOptions options = parse_mpirun({argv + 1, argv + argc});
    if (!options.with_cr) become_real_mpirun({argv, argv + argc});
    if (!options.help) return run_with_checkpoints(options, argv[0]);
    std::fputs(mpirun_help().c_str(), stdout);
    return static_cast<int>(CAIRN_EXIT_OK);
  });
  // Threads of the coordinator are still there: no destructors of globals under their feet.
  std::fflush(nullptr);
  ::_exit(code);
}
