// SPDX-License-Identifier: Apache-2.0
// ompi-restart: verifies a snapshot, then has mpirun start a job that goes on from it.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include "core/abi/restart_options.hpp"
#include "core/base/error.hpp"
#include "launcher/installation.hpp"
#include "launcher/report.hpp"
#include "launcher/snapshot.hpp"
#include "launcher/snapshot_text.hpp"
#include "launcher/versions.hpp"
#include "launcher/words.hpp"

namespace cairn::launcher {
namespace {

namespace po = boost::program_options;

constexpr char kCommand[] = "ompi-restart";

struct Options {
  std::int64_t sequence = -1;
  bool info = false, app_only = false, show_me = false, fork = false, preload = false, verbose = false, quick = false;
  std::string hostfile, mpirun_options;
  std::vector<std::string> relocate;
  std::string snapshot;
};

po::options_description described(Options& o) {
  po::options_description d("Options");
  d.add_options()("seq,s", po::value(&o.sequence), "sequence number (default: the newest)");
  d.add_options()("info,i", po::bool_switch(&o.info), "show what the snapshot holds and restart nothing");
  d.add_options()("hostfile", po::value(&o.hostfile), "file with the nodes to run on");
  d.add_options()("machinefile", po::value(&o.hostfile), "the same");
  d.add_options()("mpirun_opts", po::value(&o.mpirun_options), "further options for mpirun, in one word");
  d.add_options()("relocate", po::value(&o.relocate)->composing(), "OLD=NEW: files below OLD are now below NEW");
  d.add_options()("quick", po::bool_switch(&o.quick), "verify tables and sizes only, not every byte of the images");
  d.add_options()("showme", po::bool_switch(&o.show_me), "print the mpirun command and run nothing");
  d.add_options()("apponly,a", po::bool_switch(&o.app_only),
                  "write the application context file for mpirun --app and run nothing");
  d.add_options()("fork", po::bool_switch(&o.fork), "run mpirun as a child instead of becoming it");
  d.add_options()("preload,p", po::bool_switch(&o.preload), "copy the images to the nodes first (not available)");
  d.add_options()("verbose,v", po::bool_switch(&o.verbose), "say more")("help,h", "this text")("version", "version");
  return d;
}

std::optional<Options> parse(int argc, char** argv) {
  Options o;
  po::options_description all, visible = described(o);
  std::vector<std::string> operands;
  all.add(visible).add_options()("snapshot", po::value(&operands));
  po::positional_options_description positions;
  positions.add("snapshot", -1);
  try {
    po::variables_map map;
    po::store(po::command_line_parser(argc, argv).options(all).positional(positions).run(), map);
    if (map.count("help") != 0) {
      std::cout << "Usage: ompi-restart [options] SNAPSHOT\n\n" << visible;
      return std::nullopt;
    }
    if (map.count("version") != 0) {
      std::cout << "ompi-restart (Cairn) " << kCairnVersion << "\n";
      return std::nullopt;
    }
    po::notify(map);
    if (map.count("seq") != 0 && o.sequence < 0) throw ArgumentError("--seq wants a number from 0");
  } catch (const po::error& e) {
    throw ArgumentError(e.what());
  }
  if (operands.size() != 1)
    throw ArgumentError("one operand is wanted: the snapshot, a directory ompi_global_snapshot_<pid>.ckpt");
  if (o.preload)
    throw ArgumentError(
        "--preload is not available: the images are read where they are, from a file system that all nodes see");
  o.snapshot = operands[0];
  return o;
}

void check_may_run(const Snapshot& snapshot) {
  struct stat st {};
  if (::stat(snapshot.directory.c_str(), &st) == 0 && st.st_uid != ::geteuid()) {
    throw EnvironmentError("snapshot " + snapshot.name() + " belongs to user " + std::to_string(st.st_uid) +
                           ": restart it as that user, since its programs would run with your rights");
  }
}

// A job that had more ranks than processors was allowed to, and still is.
bool was_oversubscribed(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const std::string& a) { return a == "--oversubscribe" || a == "-oversubscribe"; });
}

std::vector<std::string> mpirun_command(const Options& o, const Snapshot& snapshot, std::uint64_t sequence) {
  std::vector<std::string> command = {own_prefix() + "/bin/mpirun", "--with-cr"};
  for (const std::string& word : split_words(o.mpirun_options)) command.push_back(word);
  if (!o.hostfile.empty()) command.insert(command.end(), {"--hostfile", o.hostfile});
  if (was_oversubscribed(snapshot.manifest.job.arguments)) command.push_back("--oversubscribe");
  command.insert(command.end(),
                 {"--cairn-restart", snapshot.path(sequence), "-np", std::to_string(snapshot.manifest.job.ranks)});
  return command;
}

void pass_options(const Options& o) {
  restart::Options options;
  options.verbose = o.verbose;
  for (const std::string& pair : o.relocate) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) throw ArgumentError("--relocate wants OLD=NEW, not '" + pair + "'");
    options.relocate.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  ::setenv(restart::options_variable, restart::to_text(options).c_str(), 1);
}

int write_app_file(const Snapshot& snapshot, std::uint64_t sequence) {
  const std::string path = snapshot.directory + "/" + manifest::kAppFile;
  std::ofstream file(path);
  file << "-np " << snapshot.manifest.job.ranks << " "
       << quoted({mpi_host(), "--cairn-restart", snapshot.path(sequence)}) << "\n";
  file.close();
  if (!file) throw EnvironmentError("writing " + path + " failed");
  std::printf("%s\n", path.c_str());
  return 0;
}

int become(const std::vector<std::string>& command, bool as_child) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  if (as_child) {
    const pid_t pid = ::fork();
    if (pid < 0) throw EnvironmentError(with_errno("starting " + command[0], errno));
    if (pid > 0) {
      int status = 0;
      while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
      }
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }
  ::execv(argv[0], argv.data());
  throw EnvironmentError(with_errno("starting " + command[0], errno));
}

// In the page cache, beside what the job will need.
bool fits_into_memory(std::uint64_t bytes) {
  return bytes / static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) <
         static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) / 3;
}

int run(const Options& o) {
  const Snapshot snapshot = open_snapshot(o.snapshot);
  if (o.info) {
    print_snapshot(snapshot, o.sequence, o.verbose);
    return 0;
  }
  check_may_run(snapshot);
  const std::uint64_t sequence = choose_sequence(snapshot, o.sequence);
  const std::vector<std::string> command = mpirun_command(o, snapshot, sequence);
  if (o.show_me) {
    std::printf("%s\n", quoted(command).c_str());
    return 0;
  }
  Verification how;
  how.payload = !o.quick;
  how.fill_cache = fits_into_memory(sequence_bytes(snapshot.manifest.sequences.at(sequence)));
  // On other nodes the hosts look for themselves.
  how.this_machine = o.hostfile.empty() && o.relocate.empty();
  verify_sequence(snapshot, sequence, how);
  if (o.app_only) return write_app_file(snapshot, sequence);
  if (o.verbose)
    std::fprintf(stderr, "%s: sequence %llu is whole; %s\n", kCommand, static_cast<unsigned long long>(sequence),
                 quoted(command).c_str());
  pass_options(o);
  return become(command, o.fork);
}

}  // namespace
}  // namespace cairn::launcher

int main(int argc, char** argv) {
  using namespace cairn::launcher;
  try {
    const auto options = parse(argc, argv);
    return options ? run(*options) : 0;
  } catch (const cairn::Error& e) {
    return report_error(kCommand, "", e);
  }
}
