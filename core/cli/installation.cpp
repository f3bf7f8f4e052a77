// SPDX-License-Identifier: Apache-2.0
#include "core/cli/installation.hpp"

#include <unistd.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"

namespace cairn::cli {

std::string own_prefix() {
  std::string prefix = read_link("/proc/self/exe");
  if (prefix.empty()) throw EnvironmentError(with_errno("/proc/self/exe", errno));
  for (int i = 0; i < 2; ++i) {
    const std::size_t slash = prefix.rfind('/');
    if (slash == std::string::npos) throw EnvironmentError(prefix + " is not installed in a bin directory");
    prefix.resize(slash);
  }
  return prefix;
}

std::string installed_host(const std::string& name) {
  const std::string path = own_prefix() + "/libexec/cairn/" + name;
  if (::access(path.c_str(), X_OK) == 0) return path;
  throw EnvironmentError(with_errno(path, errno) + "; Cairn is not installed completely");
}

}  // namespace cairn::cli
