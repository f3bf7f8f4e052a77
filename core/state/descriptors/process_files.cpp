// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/process_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/other_holders.hpp"

namespace cairn::state {
namespace {

constexpr std::string_view kProc = "/proc/", kTask = "/task/";

// A path is these three, one after the other. No process: it is all rest.
struct Parts {
  std::string_view process;  // "self" or a number
  std::string_view thread;   // its number
  std::string_view rest;     // begins with '/', or is empty
};

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find('/'));
  rest.remove_prefix(word.size());
  return word;
}

Parts parts_of(std::string_view path) {
  Parts parts{{}, {}, path};
  if (!path.starts_with(kProc)) return parts;
  path.remove_prefix(kProc.size());
  const std::string_view process = take_word(path);
  if (process != "self" && !is_number(process)) return parts;
  parts.process = process;
  parts.rest = path;
  if (!path.starts_with(kTask)) return parts;
  path.remove_prefix(kTask.size());
  const std::string_view thread = take_word(path);
  if (!is_number(thread)) return parts;
  parts.thread = thread;
  parts.rest = path;
  return parts;
}

std::string to_path(const std::string& process, const std::string& thread, std::string_view rest) {
  return std::string(kProc) + process + (thread.empty() ? "" : std::string(kTask) + thread) + std::string(rest);
}

}  // namespace

std::string portable_path(const std::string& path, const std::string& called) {
  const Parts parts = parts_of(path);
  if (!is_number(parts.process)) return path;
  const auto process = static_cast<pid_t>(to_number(parts.process));
  if (process == getpid()) return to_path("self", std::string(parts.thread), parts.rest);
  if (is_saved_together(process)) return path;
  throw TemporaryError(called + " cannot be saved: it is of " + described_process(std::string(parts.process)) +
                       ", which is not saved with it");
}

std::string current_path(const std::string& path, pid_t before, const restart::Options& options) {
  const Parts parts = parts_of(path);
  if (parts.process.empty()) return path;
  const bool own = parts.process == "self";
  const auto process = own ? before : static_cast<pid_t>(to_number(parts.process));
  const std::string now = std::to_string(own ? getpid() : restart::number_now(options, process));
  // A main thread has its process's number; those of others are what they were, or there is no such file.
  const bool main = parts.thread == std::to_string(process);
  return to_path(own ? "self" : now, main ? now : std::string(parts.thread), parts.rest);
}

}  // namespace cairn::state
