// SPDX-License-Identifier: Apache-2.0
#include "launcher/restart_options.hpp"

#include "core/base/error.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/inherited_options.hpp"

namespace cairn::launcher {
namespace {

cli::CommandLine table() {
  return {.name = "ompi-restart",
          .usage = "Usage: ompi-restart [options] SNAPSHOT\n",
          .groups = {{"Options",
                      {{"seq,s", "N", "sequence number (default: the newest)"},
                       {"info,i", "", "show what the snapshot holds and restart nothing"},
                       {"hostfile", "FILE", "file with the nodes to run on"},
                       {"machinefile", "FILE", "the same"},
                       {"mpirun_opts", "OPTIONS", "further options for mpirun, in one word"},
                       {"relocate", "OLD=NEW", "files below OLD are now below NEW (may be repeated)", true},
                       {"no-restore-pid", "", "children of ranks with new process numbers"},
                       {"quick", "", "verify tables and sizes only, not every byte of the images"},
                       {"showme", "", "print the mpirun command and run nothing"},
                       {"apponly,a", "", "write the application context file for mpirun --app and run nothing"},
                       {"fork", "", "run mpirun as a child instead of becoming it"},
                       {"preload,p", "", "copy the images to the nodes first (not available)"},
                       {"verbose,v", "", "say what is done"},
                       {"help,h", "", "this text"},
                       {"version", "", "version"}}},
                     cli::inherited_options()},
          .abbreviations = true};
}

}  // namespace

std::optional<RestartOptions> parse_restart(const std::vector<std::string>& words) {
  const auto given = cli::parse(table(), words);
  if (!given) return std::nullopt;
  RestartOptions o;
  o.sequence = given->number<std::int64_t>("seq", -1, 0);
  o.info = given->has("info");
  o.app_only = given->has("apponly");
  o.show_me = given->has("showme");
  o.fork = given->has("fork");
  o.verbose = given->has("verbose");
  o.quick = given->has("quick");
  given->at_most_one({"hostfile", "machinefile"});
  o.hostfile = given->text("hostfile", given->text("machinefile"));
  o.mpirun_options = given->text("mpirun_opts");
  o.host.relocate = given->pairs("relocate");
  o.host.verbose = o.verbose;
  o.host.new_numbers = given->has("no-restore-pid");
  cli::take_inherited_options(*given, o.host);
  o.snapshot = given->operand("the snapshot, a directory ompi_global_snapshot_<pid>.ckpt");
  if (given->has("preload"))
    throw ArgumentError(
        "--preload is not available: the images are read where they are, from a file system that all nodes see");
  return o;
}

}  // namespace cairn::launcher
