// SPDX-License-Identifier: Apache-2.0
#include "launcher/installation.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <vector>

#include "core/base/error.hpp"

#ifndef CAIRN_REAL_MPIRUN
#define CAIRN_REAL_MPIRUN "/usr/bin/mpirun.openmpi"
#endif

namespace cairn::launcher {
namespace {

constexpr char kGuard[] = "CAIRN_EXEC_GUARD";

bool is_self(const std::string& path) {
  struct stat self {
  }, other{};
  return ::stat("/proc/self/exe", &self) == 0 && ::stat(path.c_str(), &other) == 0 && self.st_dev == other.st_dev &&
         self.st_ino == other.st_ino;
}

bool usable(const std::string& path) { return !path.empty() && ::access(path.c_str(), X_OK) == 0 && !is_self(path); }

}  // namespace

std::string own_prefix() {
  char path[4096];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof(path) - 1);
  std::string result(path, n > 0 ? static_cast<std::size_t>(n) : 0);
  for (int i = 0; i < 2 && !result.empty(); ++i) result.erase(result.rfind('/'));
  return result;
}

std::string mpi_host() {
  const std::string path = own_prefix() + "/libexec/cairn/cairn-mpi-host";
  if (::access(path.c_str(), X_OK) != 0)
    throw EnvironmentError(path + " is missing: Cairn is not installed completely");
  return path;
}

std::string real_mpirun() {
  if (const char* given = std::getenv("CAIRN_REAL_MPIRUN"); given != nullptr && *given != '\0') {
    if (usable(given)) return given;
    throw EnvironmentError(std::string("CAIRN_REAL_MPIRUN names ") + given +
                           ", which is no program or is Cairn's own mpirun");
  }
  for (const char* known : {CAIRN_REAL_MPIRUN, "/usr/bin/mpirun.openmpi"}) {
    if (usable(known)) return known;
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (usable(directory + "/mpirun")) return directory + "/mpirun";
  }
  throw EnvironmentError("Open MPI's own mpirun is not to be found; set CAIRN_REAL_MPIRUN to its path");
}

void guard_against_recursion() {
  const std::string pid = std::to_string(::getpid());
  const char* guard = std::getenv(kGuard);
  if (guard != nullptr && pid == guard) {
    throw EnvironmentError(
        "what was taken for Open MPI's own mpirun leads back to Cairn's; set CAIRN_REAL_MPIRUN to the right path");
  }
  ::setenv(kGuard, pid.c_str(), 1);
}

}  // namespace cairn::launcher
