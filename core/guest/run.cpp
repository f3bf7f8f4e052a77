// SPDX-License-Identifier: Apache-2.0
// libcr_run.so: a program that is linked with it, or preloads it, starts again in a host before anything of its own
// has run. Where that is not possible it runs as it is. Ordinary code.
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "core/abi/crossing.h"
#include "core/guest/never_hosted.hpp"

namespace {

// <prefix>/lib/cairn/libcr_run.so -> <prefix>/libexec/cairn/cairn-host
bool find_host(char (&path)[PATH_MAX]) {
  Dl_info info;
  char own[PATH_MAX];
  if (dladdr(reinterpret_cast<void*>(&find_host), &info) == 0 || realpath(info.dli_fname, own) == nullptr) return false;
  for (int i = 0; i < 3; ++i) {
    char* slash = strrchr(own, '/');
    if (slash == nullptr) return false;
    *slash = '\0';
  }
  constexpr const char kHost[] = "/libexec/cairn/cairn-host";
  if (strlen(own) + sizeof kHost > sizeof path) return false;
  strcpy(stpcpy(path, own), kHost);
  return access(path, X_OK) == 0;
}

__attribute__((constructor)) void start_again(int argc, char** argv, char** environment) {
  char host[PATH_MAX], program[PATH_MAX];
  // A rank of an MPI job gets its host from mpirun --with-cr, or wants none.
  const bool rank = getenv("OMPI_COMM_WORLD_RANK") != nullptr || getenv("PMIX_RANK") != nullptr;
  const bool left_out = getenv("CAIRN_OMIT") != nullptr;  // cr_run --omit
  if (cairn_is_hosted() || rank || left_out || getauxval(AT_SECURE) != 0 || argc < 1 || !find_host(host)) return;
  const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
  if (n <= 0) return;
  program[n] = '\0';
  if (cairn::guest::never_hosted(program))
    return;  // a host, too, in which this is preloaded: it will pass the variable on
  constexpr const char kName[] = "--cairn-argv0=";
  auto* name = static_cast<char*>(malloc(sizeof kName + strlen(argv[0])));
  auto** words = static_cast<char**>(malloc((static_cast<size_t>(argc) + 4) * sizeof(char*)));
  if (name == nullptr || words == nullptr) return;
  strcpy(stpcpy(name, kName), argv[0]);
  words[0] = host;
  words[1] = name;
  words[2] = const_cast<char*>("--");
  words[3] = program;
  for (int i = 1; i <= argc; ++i) words[3 + i] = argv[i];
  execve(host, words, environment);
}

}  // namespace
