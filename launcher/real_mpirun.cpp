// SPDX-License-Identifier: Apache-2.0
#include "launcher/real_mpirun.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>

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

std::string real_mpirun() {
  if (const char* given = std::getenv("CAIRN_REAL_MPIRUN"); given != nullptr && *given != '\0') {
    if (usable(given)) return given;
    throw EnvironmentError(std::string("CAIRN_REAL_MPIRUN names ") + given +
                           ", which cannot be executed, or is Cairn's own mpirun");
  }
  for (const char* known : {CAIRN_REAL_MPIRUN, "/usr/bin/mpirun.openmpi"}) {
    if (usable(known)) return known;
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (usable(directory + "/mpirun")) return directory + "/mpirun";
  }
  throw EnvironmentError("Open MPI's own mpirun was not found; set CAIRN_REAL_MPIRUN to its path");
}

void guard_against_recursion() {
  const std::string pid = std::to_string(::getpid());
  const char* guard = std::getenv(kGuard);
  if (guard != nullptr && pid == guard) {
    throw EnvironmentError(
        "the program that was taken for Open MPI's own mpirun starts Cairn's again; set CAIRN_REAL_MPIRUN to the path "
        "of "
        "Open MPI's");
  }
  ::setenv(kGuard, pid.c_str(), 1);
}

}  // namespace cairn::launcher
