// SPDX-License-Identifier: Apache-2.0
// ompi-restart: verifies a snapshot, then has mpirun start a job that goes on from it.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/abi/restart_options.hpp"
#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/text.hpp"
#include "core/base/unique_fd.hpp"
#include "core/base/write_all.hpp"
#include "core/cli/child.hpp"
#include "core/cli/installation.hpp"
#include "core/cli/report.hpp"
#include "launcher/anew_options.hpp"
#include "launcher/command_check.hpp"
#include "launcher/common_memory.hpp"
#include "launcher/mca_environment.hpp"
#include "launcher/restart_options.hpp"
#include "launcher/shared_files.hpp"
#include "launcher/snapshot.hpp"
#include "launcher/snapshot_rights.hpp"
#include "launcher/snapshot_text.hpp"
#include "launcher/told_again.hpp"
#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/manifest/former_snapshots.hpp"
#include "pmix/manifest/wrappers.hpp"

namespace cairn::launcher {
namespace {

constexpr char kCommand[] = "ompi-restart";
constexpr char kXmlFileVariable[] = "OMPI_MCA_orte_xml_file";
constexpr std::size_t kLongestLine = 8000;  // of an application context file; Open MPI reads BUFSIZ bytes

std::string find_room(const std::string& output) {
  std::string name = unused_name(output);
  if (name != output)
    cli::complain(kCommand, "the ranks' output goes to " + name + ": " + output + " holds what was written before");
  return name;
}

// That of the first job may have been scratch space, which is gone.
std::string snapshots_go_to(const std::string& told, const Snapshot& snapshot) {
  if (::access(told.c_str(), F_OK) == 0 || errno != ENOENT) return told;
  const std::string instead = std::filesystem::path(snapshot.directory).parent_path();
  cli::complain(kCommand, "new snapshots go to " + instead + ", where this one is: " + told +
                              " is gone (another directory: --mpirun_opts '--cr-dir DIR')");
  return instead;
}

std::vector<std::string> said_anew(const RestartOptions& o) {
  std::vector<std::string> anew = shell_words(o.mpirun_options);
  if (!o.hostfile.empty()) anew.insert(anew.end(), {"--hostfile", o.hostfile});
  return anew;
}

std::vector<std::string> options_again(const RestartOptions& o, const Snapshot& snapshot) {
  const std::vector<std::string> anew = said_anew(o);
  const manifest::Job& job = snapshot.manifest.job;
  check_anew(anew, job.ranks);
  const Paths paths{[&o](const std::string& path) { return restart::relocated(o.host, path); }, find_room,
                    [&snapshot](const std::string& path) { return snapshots_go_to(path, snapshot); }};
  const std::vector<std::string> words =
      tell_again({job.arguments, job.own_arguments, job.working_directory, job.ranks}, anew, paths);
  if (!o.show_me && !o.app_only) check_files_told(words);
  return words;
}

std::vector<std::string> mpirun_command(const Snapshot& snapshot, std::uint64_t sequence,
                                        const std::vector<std::string>& words) {
  std::vector<std::string> command = {cli::own_prefix() + "/bin/mpirun", "--with-cr", "--cairn-restart",
                                      snapshot.path(sequence)};
  if (const std::string program = snapshot.program(); !program.empty())
    command.insert(command.end(), {"--cairn-program", program});
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

// MCA parameters of the first mpirun's environment, which name files that this one would empty.
std::vector<std::string> environment_again(const RestartOptions& o, const Snapshot& snapshot) {
  std::vector<std::string> entries = mca_environment_again(snapshot.manifest.job.environment, said_anew(o));
  for (std::string& entry : entries) {
    const std::size_t value = entry.find('=') + 1;
    if (value == sizeof kXmlFileVariable && entry.starts_with(kXmlFileVariable))
      entry = entry.substr(0, value) + find_room(entry.substr(value));
  }
  return entries;
}

// What the hosts are told in restart::options_variable.
std::string text_for_hosts(const RestartOptions& o, const SharedFiles& files) {
  restart::Options options = o.host;
  // An application context file says nothing to mpirun: there the variables are not told.
  if (!o.app_only)
    for (const std::string& name : variables_told(said_anew(o))) options.new_environment.push_back(name);
  for (const auto& [path, length] : files.lengths())
    options.lengths.emplace_back(restart::relocated(options, path), length);
  for (const std::string& path : files.put_back()) options.put_back.push_back(restart::relocated(options, path));
  return restart::to_text(options);
}

int show(std::vector<std::string> command, std::vector<std::string> environment, const std::string& for_hosts) {
  if (!for_hosts.empty()) environment.push_back(std::string(restart::options_variable) + "=" + for_hosts);
  if (!environment.empty()) environment.insert(environment.begin(), "env");
  command.insert(command.begin(), environment.begin(), environment.end());
  std::printf("%s\n", quoted(command).c_str());
  return 0;
}

// What is there under that name and is no file of the user's own is not written to.
UniqueFd open_app_file(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  struct stat st {};
  if (!file || ::fstat(file.get(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  if (!S_ISREG(st.st_mode) || st.st_nlink > 1) throw EnvironmentError(path + " is no file of its own: remove it");
  complete_mode(file.get(), 0600);
  if (::ftruncate(file.get(), 0) != 0) throw EnvironmentError(with_errno(path, errno));
  return file;
}

// What such a file cannot hold. `words`: the options of the first program end with its number of ranks. A script that
// reads the file's name, and may read standard error as well, has it said by --verbose only.
void tell_of_options(std::vector<std::string> words, const std::vector<std::string>& environment) {
  words.erase(std::find(words.begin(), words.end(), ":") - 2, words.end());
  if (!words.empty())
    cli::complain(kCommand, "the file has no options for mpirun; those of the job, to be told in front of --app: " +
                                quoted(words));
  if (!environment.empty())
    cli::complain(kCommand, "the job's MCA parameters, to be put into mpirun's environment: " + quoted(environment));
}

int write_app_file(const Snapshot& snapshot, std::uint64_t sequence, const std::string& for_hosts,
                   const std::vector<std::string>& words, const std::vector<std::string>& environment, bool verbose) {
  const std::string path = snapshot.directory + "/" + manifest::kAppFile;
  const std::string host = cli::installed_host("cairn-mpi-host");
  if (host.find(' ') != std::string::npos)
    throw EnvironmentError(host + " has a blank in its path, which Open MPI cannot start; install Cairn elsewhere");
  // Open MPI takes blanks for the ends of words, and knows no quotes.
  std::string line = "-np " + std::to_string(snapshot.manifest.job.ranks) + " " + host +
                     " --cairn-restart-from=" + percent_encoded(snapshot.path(sequence));
  if (!for_hosts.empty()) line += " --cairn-restart-options=" + percent_encoded(for_hosts);
  if (line.size() > kLongestLine)
    throw EnvironmentError(
        "the options and the lengths of the files that several ranks write to are too long for an application context "
        "file; --showme prints a command that has them");
  line += '\n';
  const UniqueFd file = open_app_file(path);
  write_all(file.get(), line.data(), line.size(), path);
  std::printf("%s\n", path.c_str());
  if (verbose || ::isatty(STDERR_FILENO) != 0) tell_of_options(words, environment);
  return 0;
}

// In the page cache, beside what the job will need.
bool fits_into_memory(std::uint64_t bytes) {
  return bytes / static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) <
         static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) / 3;
}

// The job may have gone on from here, and been saved again.
void tell_of_newer(const Snapshot& snapshot, std::uint64_t sequence) {
  if (const auto newer = manifest::newest_after(snapshot.directory)) {
    cli::complain(kCommand, "sequence " + std::to_string(sequence) + " is restarted, the newest of " + snapshot.name() +
                                "; a job that went on from it has been saved since: " + *newer +
                                " (to restart that: its snapshot; to be told nothing: --seq)");
  }
}

int run(const RestartOptions& o) {
  const auto removal = pmix::remove_leftovers_of_killed();
  const Snapshot snapshot = open_snapshot(o.snapshot);
  if (o.info) {
    print_snapshot(snapshot, o.sequence, o.verbose);
    return 0;
  }
  const std::uint64_t sequence = choose_sequence(snapshot, o.sequence);
  if (o.sequence < 0) tell_of_newer(snapshot, sequence);
  check_may_run(snapshot, sequence, ::geteuid(), o.host.foreign == "accept");
  check_command(snapshot);
  const std::vector<std::string> words = options_again(o, snapshot);
  const std::vector<std::string> command = mpirun_command(snapshot, sequence, words);
  const std::vector<std::string> environment = environment_again(o, snapshot);
  Verification how;
  how.payload = !o.quick && !o.show_me;
  how.fill_cache = fits_into_memory(snapshot.manifest.sequences.at(sequence).bytes());
  // On other nodes the hosts look for themselves.
  how.this_machine = o.hostfile.empty() && o.host.relocate.empty() && !o.show_me;
  how.originals_serve = true;
  SharedFiles files;
  CommonMemory memory;
  how.look = [&](const context::Reader& image, bool of_rank) {
    files.look_at(image);
    if (of_rank) memory.look_at(image);
  };
  for (const std::string& text : verify_sequence(snapshot, sequence, how)) cli::complain(kCommand, text);
  const std::string for_hosts = text_for_hosts(o, files);
  if (o.show_me) return show(command, environment, for_hosts);
  if (const std::string note = manifest::note_of_wrappers(snapshot.manifest.sequences.at(sequence)); !note.empty())
    cli::complain(kCommand, note);
  if (o.app_only) return write_app_file(snapshot, sequence, for_hosts, words, environment, o.verbose);
  set_environment(environment);
  if (memory.exists())
    if (const auto nodes = foresee_nodes(command, snapshot.manifest.job.ranks)) memory.check(*nodes);
  if (o.verbose)
    std::fprintf(stderr, "%s: sequence %llu is whole; %s\n", kCommand, static_cast<unsigned long long>(sequence),
                 quoted(command).c_str());
  ::setenv(restart::options_variable, for_hosts.c_str(), 1);
  if (o.fork) return cli::run_tool(command);
  cli::execute(command.front(), command);
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  return cairn::cli::run_command(kCommand, cairn::cli::Voice::framed, argc, argv, parse_restart, run);
}
