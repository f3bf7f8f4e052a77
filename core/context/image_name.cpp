// SPDX-License-Identifier: Apache-2.0
#include "core/context/image_name.hpp"

#include "core/base/proc.hpp"

namespace cairn::context {
namespace {

std::string without_link(const std::string& path) {
  const std::string target = path.starts_with("/proc/self/fd/") ? read_link(path) : "";
  return target.starts_with("/") ? target : path;
}

}  // namespace

std::string image_name(const std::string& path) { return path == "-" ? "standard input" : without_link(path); }

std::string image_directory(const std::string& path) {
  const std::string file = without_link(path);
  const auto slash = file.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : file.substr(0, slash);
}

}  // namespace cairn::context
