// SPDX-License-Identifier: Apache-2.0
#include "core/guest/tracer.hpp"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include <cstddef>

#include "core/base/raw_syscall.hpp"
#include "core/guest/host.hpp"

namespace cairn::guest {
namespace {

constexpr std::size_t kHead = 1024;  // of proc(5)'s status, which has the tracer among the first lines
constexpr char kField[] = "\nTracerPid:\t";
constexpr char kProc[] = "/proc/", kExe[] = "/exe";
constexpr std::size_t kDigits = 10;

bool read_status(char* text, std::size_t size) {
  const long fd = raw_syscall(SYS_openat, AT_FDCWD, address("/proc/thread-self/status"), O_RDONLY | O_CLOEXEC);
  if (is_error(fd)) return false;
  const long length = raw_syscall(SYS_read, fd, address(text), static_cast<long>(size - 1));
  raw_syscall(SYS_close, fd);
  text[is_error(length) ? 0 : length] = '\0';
  return !is_error(length);
}

// As long as the hosts of one installation are in one directory.
bool is_in_directory_of_host(const char* program) {
  const char* const end = strrchr(table().host_path, '/');
  return end != nullptr &&
         strncmp(program, table().host_path, static_cast<std::size_t>(end + 1 - table().host_path)) == 0;
}

}  // namespace

bool is_traced_by_guest() {
  char status[kHead];
  if (!read_status(status, sizeof status)) return false;
  const char* field = strstr(status, kField);
  if (field == nullptr) return false;
  field += sizeof kField - 1;
  const std::size_t digits = strspn(field, "0123456789");
  if (digits == 0 || digits > kDigits || *field == '0') return false;
  char path[sizeof kProc + kDigits + sizeof kExe], program[PATH_MAX];
  char* end = stpcpy(path, kProc);
  memcpy(end, field, digits);
  strcpy(end + digits, kExe);
  const long length =
      raw_syscall(SYS_readlinkat, AT_FDCWD, address(path), address(program), static_cast<long>(sizeof program - 1));
  if (is_error(length)) return false;
  program[length] = '\0';
  return is_in_directory_of_host(program);
}

}  // namespace cairn::guest
