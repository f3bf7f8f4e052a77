// SPDX-License-Identifier: Apache-2.0
#include "core/state/settings/inherited.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/short_hash.hpp"
#include "core/state/process/limits.hpp"
#include "core/state/threads/scheduling_abi.hpp"

namespace cairn::state {
namespace {

using Hash = std::uint32_t;  // only equality counts

constexpr std::size_t kCpus = 0, kScheduling = 1, kUmask = 2, kOomScore = 3, kFirstLimit = 4;
constexpr std::size_t kCount = kFirstLimit + RLIM_NLIMITS;
using Hashes = std::vector<Hash>;

struct Inheritance {
  Hashes began;  // by the constants above; empty: nothing is known to be inherited
  std::string word;
  ThreadState place;
  std::uint32_t chosen = ~0U;  // bits of SettingsState::inherited that are not
  std::map<int, std::pair<bool, bool>> chosen_by_threads;
};
Inheritance inheritance;

Hash cpus_hash(const ThreadState& thread) {
  auto mask = thread.affinity;
  while (!mask.empty() && mask.back() == 0) mask.pop_back();
  return short_hash(mask);
}

Hash scheduling_hash(const ThreadState& thread) {
  Scheduling scheduling = thread.scheduling;
  return short_hash(encode(scheduling));
}

Hash limit_hash(Limit limit) { return short_hash(encode(limit)); }

Hashes hashes_now(const ThreadState& main, const std::vector<Limit>& limits) {
  Hashes result{cpus_hash(main), scheduling_hash(main)};
  const std::string status = read_file("/proc/self/status").value_or("");
  result.push_back(static_cast<Hash>(to_number(field(status, "Umask"), 8)));
  result.push_back(static_cast<Hash>(std::atoi(read_file("/proc/self/oom_score_adj").value_or("0").c_str())));
  for (const Limit& limit : limits) result.push_back(limit_hash(limit));
  return result;
}

std::string word_of(const Hashes& hashes) {
  std::ostringstream word;
  for (Hash hash : hashes) word << (word.tellp() == 0 ? "" : ".") << std::hex << hash;
  return word.str();
}

// Empty if it is no such word.
Hashes hashes_of(const std::string& word) {
  Hashes result;
  std::istringstream in(word);
  for (std::string part; std::getline(in, part, '.');) result.push_back(static_cast<Hash>(to_number(part, 16)));
  return result.size() == kCount ? result : Hashes();
}

bool chosen_before(int tid, bool cpus) {
  const auto found = inheritance.chosen_by_threads.find(tid);
  return found != inheritance.chosen_by_threads.end() && (cpus ? found->second.first : found->second.second);
}

}  // namespace

void begin_inheritance(const std::string& handed_on, std::uint64_t stack_limit) {
  read_scheduling(getpid(), inheritance.place);
  inheritance.began = hashes_of(handed_on);
  std::vector<Limit> limits = limits_in_force();
  limits[RLIMIT_STACK].soft = stack_limit;
  if (inheritance.began.empty()) inheritance.began = hashes_now(inheritance.place, limits);
  inheritance.word = word_of(inheritance.began);
  inheritance.chosen = 0;
}

const std::string& inheritance_word() { return inheritance.word; }
const ThreadState& scheduling_of_place() { return inheritance.place; }

void read_scheduling(int tid, ThreadState& thread) {
  std::uint8_t mask[8192 / 8] = {};
  const long size = raw_syscall(SYS_sched_getaffinity, tid, sizeof mask, reinterpret_cast<long>(mask));
  if (size > 0) thread.affinity.assign(mask, mask + size);
  SchedulingAttributes a{};
  if (raw_syscall(SYS_sched_getattr, tid, reinterpret_cast<long>(&a), sizeof a, 0) != 0) return;
  // sched_getattr() tells it of the usual policies only.
  const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(tid));
  thread.scheduling = {a.policy, a.priority, a.flags, a.runtime, a.deadline, a.period, nice};
}

bool inherited_cpus(int tid, const ThreadState& thread) {
  return !inheritance.began.empty() && cpus_hash(thread) == inheritance.began[kCpus] && !chosen_before(tid, true);
}

bool inherited_scheduling(int tid, const ThreadState& thread) {
  return !inheritance.began.empty() && scheduling_hash(thread) == inheritance.began[kScheduling] &&
         !chosen_before(tid, false);
}

void note_chosen_scheduling(int tid, bool cpus, bool scheduling) {
  inheritance.chosen_by_threads[tid] = {cpus, scheduling};
}

std::uint32_t inherited_by_process() {
  if (inheritance.began.empty()) return 0;
  const Hashes now = hashes_now(inheritance.place, limits_of_guest());
  std::uint32_t result = 0;
  const auto compare = [&](std::size_t index, std::uint32_t bit) {
    if (now[index] == inheritance.began[index]) result |= bit;
  };
  compare(kUmask, kInheritedUmask);
  compare(kOomScore, kInheritedOomScore);
  for (std::size_t resource = 0; resource < RLIM_NLIMITS; ++resource)
    compare(kFirstLimit + resource, kInheritedLimit << resource);
  return result & ~inheritance.chosen;
}

void note_inherited(std::uint32_t inherited) { inheritance.chosen = ~inherited; }

}  // namespace cairn::state
