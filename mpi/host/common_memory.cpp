// SPDX-License-Identifier: Apache-2.0
#include "mpi/host/common_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/state/resident.hpp"

namespace cairn::mpi {
namespace {

std::string directory() {
  const char* const path = std::getenv("PMIX_SERVER_TMPDIR");
  if (path == nullptr) throw EnvironmentError("mpirun's directory is not known (PMIX_SERVER_TMPDIR)");
  return path;
}

[[noreturn]] void fail(const std::string& what) {
  throw EnvironmentError(with_errno("memory that ranks have in common: " + what, errno));
}

// Who has it, complete from the moment at which it has the name. False if somebody else was first.
bool publish(const std::string& path, int memory) {
  const std::string draft = path + "." + std::to_string(::getpid());
  const std::string who = std::to_string(::getpid()) + " " + std::to_string(memory) + "\n";
  const UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), who.data(), who.size()) != static_cast<ssize_t>(who.size())) fail(draft);
  complete_mode(file.get(), 0600);
  const bool first = ::link(draft.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(draft.c_str());
  errno = error;
  if (!first && error != EEXIST) fail(path);
  return first;
}

int open_published(const std::string& path) {
  char who[64] = "";
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file || ::read(file.get(), who, sizeof who - 1) <= 0) fail(path);
  int process = 0, number = -1;
  std::sscanf(who, "%d %d", &process, &number);
  const std::string memory = "/proc/" + std::to_string(process) + "/fd/" + std::to_string(number);
  const int fd = ::open(memory.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) fail(memory);
  return fd;
}

}  // namespace

int CommonMemory::open(const std::string& name) {
  const std::string path = directory() + "/" + name;
  UniqueFd low(::memfd_create(name.c_str(), MFD_CLOEXEC));
  UniqueFd memory(low ? ::fcntl(low.get(), F_DUPFD_CLOEXEC, host::fd_base()) : -1);
  if (!memory) fail(name);
  if (!publish(path, memory.get())) return open_published(path);
  made_.push_back({path, std::move(memory)});
  return low.release();
}

void CommonMemory::close() {
  for (const Made& one : made_) ::unlink(one.path.c_str());
  made_.clear();
}

}  // namespace cairn::mpi
