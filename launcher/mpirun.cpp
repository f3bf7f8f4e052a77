// SPDX-License-Identifier: Apache-2.0
// mpirun: without --with-cr the real one, untouched; with it, the real one as a child, its ranks hosted, and beside it
// the coordinator that takes requests for checkpoints.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/abi/restart_options.hpp"
#include "core/base/error.hpp"
#include "launcher/installation.hpp"
#include "launcher/job_process.hpp"
#include "launcher/mpirun_options.hpp"
#include "launcher/report.hpp"
#include "launcher/versions.hpp"
#include "pmix/agent/agent_link.hpp"
#include "pmix/coordinator/coordinator.hpp"
#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/coordinator/tool_server.hpp"

namespace cairn::launcher {
namespace {

constexpr char kMpirunVariable[] = "CAIRN_MPIRUN";
constexpr double kDrainSeconds = 10;

// Open MPI takes an absolute argv[0] for a request to use its prefix on other nodes.
std::string argv0_for(const std::string& ours, const std::string& real) {
  return ours.rfind('/', 0) == 0 ? real : "mpirun";
}

[[noreturn]] void become_real_mpirun(char** argv) {
  guard_against_recursion();
  const std::string real = real_mpirun();
  std::string name = argv0_for(argv[0], real);
  argv[0] = name.data();
  ::execv(real.c_str(), argv);
  throw EnvironmentError(with_errno("starting " + real, errno));
}

std::string absolute(const std::string& directory) {
  char path[PATH_MAX];
  const std::string wanted = directory.empty() ? "." : directory;
  if (::realpath(wanted.c_str(), path) == nullptr) throw EnvironmentError(with_errno("--cr-dir " + wanted, errno));
  return path;
}

std::string working_directory() {
  char path[PATH_MAX];
  return ::getcwd(path, sizeof(path)) == nullptr ? "" : path;
}

pmix::Coordinator::Settings settings_for(const MpirunOptions& options, const JobProcess& job) {
  pmix::Coordinator::Settings s;
  s.parent_directory = absolute(options.directory);
  s.engine = options.engine;
  s.compress = options.compress;
  s.fork = options.fork;
  s.keep = options.keep;
  s.timeout = options.timeout;
  s.report = [](const std::string& line) { std::fprintf(stderr, "mpirun: %s\n", line.c_str()); };
  s.stop_job = [&job] { job.send(SIGTSTP); };
  s.job.mpirun_pid = static_cast<std::uint64_t>(::getpid());
  s.job.created = manifest::iso_time_now();
  s.job.cairn_version = kCairnVersion;
  s.job.openmpi_version = kOpenMpiVersion;
  s.job.pmix_version = kPmixVersion;
  s.job.working_directory = working_directory();
  s.job.arguments = options.arguments;
  s.job.restarted_from = options.restart;
  return s;
}

std::vector<std::string> real_arguments(const MpirunOptions& options) {
  const std::string host = mpi_host();
  std::vector<std::string> variables = {pmix::kCoordinatorVariable, pmix::kCoordinatorKeyVariable, kMpirunVariable};
  if (std::getenv(restart::options_variable) != nullptr) variables.emplace_back(restart::options_variable);
  std::vector<std::string> arguments = export_variables(options.arguments, variables);
  if (options.restart.empty()) {
    if (host.find(' ') != std::string::npos)
      throw EnvironmentError(host + ": Open MPI cannot start a host whose path has a blank in it");
    arguments.insert(arguments.begin(), {"--mca", "orte_fork_agent", host});
  } else {
    // The host is the program, and revives.
    arguments.insert(arguments.end(), {host, "--cairn-restart", options.restart});
  }
  return arguments;
}

void report_result(const pmix::Record& answer) {
  if (answer.type() == "failed") {
    std::fprintf(stderr, "mpirun: checkpoint failed: %s\n", answer.get("text").c_str());
  } else {
    const std::string snapshot = answer.get("snapshot");
    std::fprintf(stderr, "mpirun: Snapshot Ref.: %3llu %s\n",
                 static_cast<unsigned long long>(answer.get_u64("sequence")),
                 snapshot.substr(snapshot.rfind('/') + 1).c_str());
  }
}

JobProcess::Events events_for(const MpirunOptions& options, pmix::Coordinator& coordinator) {
  JobProcess::Events events;
  events.period = options.every;
  events.on_timer = [&coordinator] { coordinator.request(pmix::Record("checkpoint"), report_result); };
  if (options.signal != 0) {
    events.on_signal = [&coordinator, options](int signal) {
      if (signal != options.signal) return false;
      coordinator.request(pmix::Record("checkpoint").set("term", options.signal_term), report_result);
      return true;
    };
  }
  return events;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "mpirun was ended by signal " + std::to_string(WTERMSIG(status));
  return "mpirun ended with exit code " + std::to_string(WEXITSTATUS(status));
}

// Runs the job to its end; the exit code of mpirun.
int run_with_checkpoints(const MpirunOptions& options, const std::string& own_name) {
  const std::string real = real_mpirun();
  JobProcess job;
  // The coordinator's threads never end, and neither does it.
  auto& coordinator = *new pmix::Coordinator(settings_for(options, job));
  const std::vector<std::string> arguments = real_arguments(options);
  std::map<std::string, std::string> variables = coordinator.environment();
  variables[kMpirunVariable] = std::to_string(::getpid());
  auto runtime = std::make_unique<pmix::RuntimeDirectory>();
  job.start(real, argv0_for(own_name, real), arguments, variables);
  coordinator.start();
  std::unique_ptr<pmix::ToolServer> server;
  try {
    server = std::make_unique<pmix::ToolServer>(
        runtime->path(), runtime->cookie(),
        [&coordinator](const pmix::Record& r, auto reply) { coordinator.request(r, std::move(reply)); });
  } catch (const Error& e) {
    std::fprintf(stderr, "mpirun: %s\nmpirun: the job runs, but ompi-checkpoint will not reach it\n", e.what());
  }
  const int status = job.wait(events_for(options, coordinator));
  coordinator.job_ended(how_it_ended(status));
  if (server) server->drain(kDrainSeconds);
  runtime.reset();
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  const int code = WEXITSTATUS(status);
  return code == 0 && coordinator.checkpointed_and_stopped() ? CAIRN_EXIT_CHECKPOINTED : code;
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  try {
    const MpirunOptions options = parse_mpirun({argv + 1, argv + argc});
    if (!options.with_cr) become_real_mpirun(argv);
    const int code = run_with_checkpoints(options, argv[0]);
    // Threads of the coordinator and of PMIx are still there: no destructors of globals under their feet.
    std::fflush(nullptr);
    ::_exit(code);
  } catch (const cairn::Error& e) {
    return report_error("mpirun", "", e);
  }
}
