// SPDX-License-Identifier: Apache-2.0
#include "launcher/checkpoint_options.hpp"

#include "core/base/error.hpp"
#include "core/cli/asking_again.hpp"
#include "core/cli/command_line.hpp"

namespace cairn::launcher {
namespace {

cli::CommandLine table() {
  return {
      .name = "ompi-checkpoint",
      .usage = "Usage: ompi-checkpoint [options] PID_OF_MPIRUN\n",
      .groups =
          {{"Options",
            {{"term", "", "end the job once the snapshot is complete (mpirun exits with 85)"},
             {"stop", "", "stop the job (SIGTSTP) once the snapshot is complete; SIGCONT to mpirun resumes it"},
             {"nowait,w", "", "do not wait for the snapshot: return when it has been started"},
             {"status,s", "",
              "say what the job is doing and take no checkpoint; with --term, --stop or --nowait: show progress lines"},
             {"list,l", "", "take no checkpoint, list the job's snapshots"},
             {"save-files", "",
              "also save the contents of files that the ranks may write to: a restart puts them back as they were"},
             {"verbose,v", "", "say what is done"},
             {"timeout", "SEC", "seconds until the checkpoint is given up (600)"},
             {"wait", "SEC", cli::kWaitHelp},
             {"json", "", "answer in JSON"},
             {"help,h", "", "this text"},
             {"version", "", "version"}}}},
      .abbreviations = true};
}

}  // namespace

std::optional<CheckpointOptions> parse_checkpoint(const std::vector<std::string>& words) {
  const auto given = cli::parse(table(), words);
  if (!given) return std::nullopt;
  CheckpointOptions o;
  o.term = given->has("term");
  o.stop = given->has("stop");
  o.nowait = given->has("nowait");
  o.status = given->has("status");
  o.save_files = given->has("save-files");
  o.list = given->has("list");
  o.verbose = given->has("verbose");
  o.json = given->has("json");
  o.timeout = given->seconds("timeout", o.timeout);
  o.wait = given->seconds("wait", o.wait);
  o.pid = cli::process_of(given->operand("the process number of mpirun"));
  given->at_most_one({"term", "stop"});
  given->without("list", {"term", "stop", "nowait", "save-files"}, "takes no checkpoint");
  return o;
}

}  // namespace cairn::launcher
