// SPDX-License-Identifier: Apache-2.0
// mpirun's command line: Cairn's own options are taken out, everything else is left as it is.
//
// Cairn's options may stand anywhere before the first program. To know where that is, the number of arguments of Open
// MPI's options is needed (open_mpi_options.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/abi/checkpoint_parameters.hpp"

namespace cairn::launcher {

// What a job's checkpoints have unless something else is asked for.
constexpr CheckpointParameters job_parameters() {
  CheckpointParameters usual;
  usual.timeout = 600;
  return usual;
}

struct MpirunOptions {
  bool with_cr = false;
  CheckpointParameters parameters = job_parameters();  // --cr-engine, ...
  bool help = false;                                   // with_cr, and --help: Cairn's options are to be shown
  std::string directory;                               // --cr-dir
  std::uint64_t keep = 0;                              // --cr-keep N, 0: all
  double every = 0;                                    // --cr-every SECONDS, 0: never
  std::map<int, bool> signals;                         // --cr-on-signal SIG[:term], and whether the job ends after it
  std::string restart;                                 // --cairn-restart DIRECTORY (ompi-restart)
  std::string program;                     // the first one of the job, or empty; --cairn-program NAME (ompi-restart)
  std::vector<std::string> arguments;      // for the real mpirun, without argv[0]
  std::vector<std::string> own_arguments;  // Cairn's, as they were given, but for ompi-restart's
};

// `arguments` without argv[0]. Throws ArgumentError. Without --with-cr nothing else is looked at.
MpirunOptions parse_mpirun(const std::vector<std::string>& arguments);

// How many words belong to this one, an option of Open MPI's or of Cairn's.
std::size_t words_behind(const std::string& option);

// What `mpirun --with-cr --help` says.
std::string mpirun_help();

}  // namespace cairn::launcher
