// SPDX-License-Identifier: Apache-2.0
#include "core/state/settings/namespaces.hpp"

#include <array>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/short_hash.hpp"

namespace cairn::state {
namespace {

constexpr std::array kOfThreads{"mnt", "net", "uts", "ipc", "cgroup", "pid_for_children", "time_for_children"};
constexpr std::array kOfProcess{"mnt", "net", "uts", "ipc", "cgroup", "user"};

std::string word;  // of the first program

// Of a thread of the host, which leaves none; at the beginning there is no other.
std::string word_of_now() {
  std::string links;
  for (const char* name : kOfProcess) links += read_link(std::string("/proc/thread-self/ns/") + name) + "\n";
  return short_hash_word(links);
}

}  // namespace

std::span<const char* const> namespaces_of_threads() { return kOfThreads; }

void begin_namespaces(const std::string& handed_on) { word = handed_on.empty() ? word_of_now() : handed_on; }

const std::string& namespaces_word() { return word; }

void check_namespaces() {
  if (word == word_of_now()) return;
  throw PermanentError(
      "it has left the namespaces in which it was started (unshare, setns), which cannot be saved; start cr_run or the "
      "job in "
      "there instead");
}

}  // namespace cairn::state
