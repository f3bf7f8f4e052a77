// SPDX-License-Identifier: Apache-2.0
#include "core/cli/tool.hpp"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "core/base/error.hpp"

namespace cairn::tools {

std::string prefix() {
  std::string path(PATH_MAX, '\0');
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  if (n <= 0) throw EnvironmentError(with_errno("/proc/self/exe", errno));
  path.resize(static_cast<std::size_t>(n));
  for (int i = 0; i < 2; ++i) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) throw EnvironmentError("this program is not installed in a bin directory: " + path);
    path.resize(slash);
  }
  return path;
}

std::string host_program() {
  const std::string path = prefix() + "/libexec/cairn/cairn-host";
  if (access(path.c_str(), X_OK) != 0) throw EnvironmentError(with_errno(path, errno));
  return path;
}

void complain(const std::string& name, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), message.c_str());
}

void print_version(const std::string& name) { std::printf("%s (Cairn) %s\n", name.c_str(), CAIRN_VERSION); }

int run_tool(const std::string& name, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& error) {
    complain(name, error.what());
    return error.code();
  } catch (const std::exception& error) {
    complain(name, error.what());
    return CAIRN_EXIT_PERMANENT;
  }
}

int parse_signal(const std::string& text) {
  int number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec == std::errc() && result.ptr == text.data() + text.size() && number > 0 && number <= SIGRTMAX)
    return number;
  const std::string name = text.starts_with("SIG") ? text.substr(3) : text;
  for (int i = 1; i < NSIG; ++i) {
    const char* abbreviation = sigabbrev_np(i);
    if (abbreviation != nullptr && name == abbreviation) return i;
  }
  throw ArgumentError("no such signal: " + text);
}

std::string human_bytes(double bytes) {
  static constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

}  // namespace cairn::tools
