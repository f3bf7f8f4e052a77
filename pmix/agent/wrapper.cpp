// SPDX-License-Identifier: Apache-2.0
#include "pmix/agent/wrapper.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace cairn::pmix {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kLongest = 120;  // bytes of a command line

std::string proc(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

// The launcher tells each rank, and so whatever stands between, the name of its job; it has not been told itself, or
// another one.
bool is_of_job(pid_t pid, const std::string& told) {
  const std::string environment = std::string(1, '\0') + read_file(proc(pid, "environ")).value_or("") + '\0';
  return environment.find('\0' + told + '\0') != std::string::npos;
}

pid_t parent_of(pid_t pid) {
  const auto fields = stat_fields(proc(pid, "stat"));
  return fields.size() > 1 ? static_cast<pid_t>(to_number(fields[1])) : 0;
}

std::string command_line(pid_t pid) {
  const std::string text = read_file(proc(pid, "cmdline")).value_or("");
  std::vector<std::string> words;
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = std::min(text.find('\0', at), text.size());
    words.push_back(text.substr(at, end - at));
  }
  const std::string line = quoted(words);
  return line.size() <= kLongest ? line : line.substr(0, kLongest) + " ...";
}

}  // namespace

std::string wrapper_of_this_process() {
  const char* const job = std::getenv("PMIX_NAMESPACE");
  if (job == nullptr) return {};
  const std::string told = std::string("PMIX_NAMESPACE=") + job;
  pid_t outermost = 0, above = ::getppid();
  for (int i = 0; i < kDeepest && above > 1 && is_of_job(above, told); ++i) {
    outermost = above;
    above = parent_of(above);
  }
  return outermost == 0 ? std::string() : command_line(outermost);
}

}  // namespace cairn::pmix
