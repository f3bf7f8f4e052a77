// SPDX-License-Identifier: Apache-2.0
#include "mpi/host/standard_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "core/abi/forwarded_input.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/descriptors/kind.hpp"

namespace cairn::mpi {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Of the job that mpirun started, not of one that MPI_Comm_spawn did: Open MPI 4 has the number of a job in the lower
// half of its name, Open MPI 5 at its end.
bool is_first_rank() {
  const std::string job = variable("PMIX_NAMESPACE");
  const bool first = job.ends_with("@1") || (std::strtoull(job.c_str(), nullptr, 10) & 0xffff) == 1;
  return first && variable("OMPI_COMM_WORLD_RANK") == "0";
}

bool take_file(const ForwardedInput& input) {
  const UniqueFd file(open(input.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_ino != input.inode)
    return false;
  return lseek(file.get(), input.offset, SEEK_SET) == input.offset && dup2(file.get(), STDIN_FILENO) == STDIN_FILENO;
}

// If the other end sees that nobody reads, the mpirun of Open MPI 4.1 drops what it forwards, and crashes at its end.
// But the program's descriptor 0 may become another file, here or in a restart.
void keep_pipe_of_mpirun() {
  struct stat status {};
  if (fstat(STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode))
    UniqueFd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)).release();
}

}  // namespace

void take_standard_input() {
  const std::string text = variable(forwarded_input_variable);
  unsetenv(forwarded_input_variable);
  const auto input = ForwardedInput::from_text(text);
  if (!input) return;
  keep_pipe_of_mpirun();
  if (!input->can_be_lost() || !is_first_rank()) return;
  if (input->path.empty() || !take_file(*input)) state::note_forwarded_input();
}

}  // namespace cairn::mpi
