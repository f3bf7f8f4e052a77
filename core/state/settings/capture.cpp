// SPDX-License-Identifier: Apache-2.0
#include <linux/membarrier.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "core/abi/thread_settings.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/settings/inherited.hpp"
#include "core/state/settings/kind.hpp"
#include "core/state/settings/newer_kernel.hpp"

namespace cairn::state {
namespace {

// What this process began with, and what its program has chosen in an earlier life.
struct Start {
  SettingsState process;
  cairn_thread_settings thread{};
  std::uint64_t personality = 0;
  std::int32_t io_priority = 0;  // own_io_priority()
  std::uint32_t chosen = 0, chosen_by_threads = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(process, thread.told, thread.securebits, thread.death_signal, thread.tsc, thread.machine_check,
      thread.io_flusher);
    for (auto& kind : thread.speculation) a(kind);
    a(thread.memory_policy, thread.memory_nodes, thread.cpuid, thread.timer_slack, personality, io_priority, chosen,
      chosen_by_threads);
  }
};
std::optional<Start> start;

std::uint32_t filter_of_core_dumps() {
  return static_cast<std::uint32_t>(to_number(trimmed(read_file("/proc/self/coredump_filter").value_or("")), 16));
}

std::uint32_t registered_barriers() {
  const long known = raw_syscall(SYS_membarrier, kMembarrierRegistrations, 0, 0);
  if (!is_error(known)) return static_cast<std::uint32_t>(known);
  // Before Linux 6.3: whoever is not registered may not use it. Of the global one nobody can tell.
  std::uint32_t result = 0;
  for (const auto& [use, registration] : kMembarriers) {
    if (!is_error(raw_syscall(SYS_membarrier, use, 0, 0))) result |= registration;
  }
  return result;
}

SettingsState of_process() {
  SettingsState now;
  const long merge = raw_syscall(SYS_prctl, kGetMemoryMerge), deny = raw_syscall(SYS_prctl, kGetMdwe);
  now.core_dump_filter = filter_of_core_dumps();
  now.memory_merge = !is_error(merge) && merge != 0;
  now.deny_write_execute = is_error(deny) ? 0 : static_cast<std::uint32_t>(deny);
  now.membarrier = registered_barriers();
  return now;
}

// What a thread without one of its own has.
int usual_io_priority(int tid) {
  const auto stat = stat_fields("/proc/self/task/" + std::to_string(tid) + "/stat");
  const int nice = stat.size() > 16 ? std::atoi(stat[16].c_str()) : 0;
  return kIoBestEffort | (nice + 20) / 5;
}

// 0: none of its own, or the same as without.
std::int32_t own_io_priority(int tid) {
  const long priority = raw_syscall(SYS_ioprio_get, kIoOfThread, tid);
  return is_error(priority) || priority == usual_io_priority(tid) ? 0 : static_cast<std::int32_t>(priority);
}

// The chosen bits of what differs from the start.
std::uint32_t differences(const cairn_thread_settings& a, const cairn_thread_settings& b) {
  const std::uint32_t told = a.told & b.told;
  std::uint32_t result = 0;
  const auto compare = [&](std::uint32_t known, std::uint32_t setting, bool same) {
    if ((told & known) != 0 && !same) result |= setting;
  };
  compare(CAIRN_TOLD_DEATH_SIGNAL, kDeathSignal, a.death_signal == b.death_signal);
  compare(CAIRN_TOLD_TSC, kTimeStampCounter, a.tsc == b.tsc);
  compare(CAIRN_TOLD_MACHINE_CHECK, kMachineCheck, a.machine_check == b.machine_check);
  compare(CAIRN_TOLD_IO_FLUSHER, kIoFlusher, a.io_flusher == b.io_flusher);
  compare(CAIRN_TOLD_CPUID, kCpuid, a.cpuid == b.cpuid);
  compare(CAIRN_TOLD_MEMORY_POLICY, kMemoryPolicy,
          a.memory_policy == b.memory_policy && a.memory_nodes == b.memory_nodes);
  for (int kind = 0; kind < 3; ++kind)
    compare(CAIRN_TOLD_SPECULATION << kind, kSpeculation << kind, a.speculation[kind] == b.speculation[kind]);
  return result;
}

ThreadSettings of_thread(const cairn_thread& slot) {
  const cairn_thread_settings& s = slot.settings;
  ThreadSettings result{slot.tid, differences(s, start->thread) | start->chosen_by_threads};
  result.death_signal = s.death_signal;
  result.time_stamp_counter = s.tsc;
  result.machine_check = s.machine_check;
  result.io_flusher = s.io_flusher;
  result.cpuid = s.cpuid;
  for (int kind = 0; kind < 3; ++kind) result.speculation[kind] = s.speculation[kind];
  result.memory_policy = s.memory_policy;
  result.memory_nodes = s.memory_nodes;
  const auto personality_text = read_file("/proc/self/task/" + std::to_string(slot.tid) + "/personality");
  result.personality = personality_text ? to_number(trimmed(*personality_text), 16) : start->personality;
  if (result.personality != start->personality) result.chosen |= kPersonality;
  result.io_priority = own_io_priority(slot.tid);
  if (result.io_priority != start->io_priority) result.chosen |= kIoPriority;
  return result;
}

void capture_inherited(const cairn_guest& guest, SettingsState& now) {
  now.inherited = inherited_by_process();
  for (std::uint32_t i = 0; i < guest.threads_max; ++i) {
    const cairn_thread& slot = guest.threads[i];
    if (slot.state != CAIRN_THREAD_STOPPED) continue;
    ThreadState thread;
    read_scheduling(slot.tid, thread);
    if (inherited_cpus(slot.tid, thread)) now.inherited_cpus.push_back(slot.tid);
    if (inherited_scheduling(slot.tid, thread)) now.inherited_scheduling.push_back(slot.tid);
  }
  std::sort(now.inherited_cpus.begin(), now.inherited_cpus.end());
  std::sort(now.inherited_scheduling.begin(), now.inherited_scheduling.end());
}

void note_start_settings() {
  if (start) return;
  start.emplace();
  start->process = of_process();
  describe_settings(start->thread);
  start->personality = static_cast<std::uint64_t>(personality(0xffffffff));
  start->io_priority = own_io_priority(getpid());
}

}  // namespace

// Of what a starter sets for a program (setarch, ionice, numactl, a core dump filter). There is little room.
void begin_settings(const std::string& handed_on) {
  note_start_settings();
  std::vector<std::uint64_t> told;
  std::istringstream in(handed_on);
  for (std::string part; std::getline(in, part, '.');) told.push_back(to_number(part, 16));
  if (told.size() != 5) return;
  start->personality = told[0];
  start->io_priority = static_cast<std::int32_t>(told[1]);
  start->process.core_dump_filter = static_cast<std::uint32_t>(told[2]);
  start->thread.memory_policy = static_cast<decltype(start->thread.memory_policy)>(told[3]);
  start->thread.memory_nodes = told[4];
}

std::string settings_word() {
  std::ostringstream word;
  word << std::hex << start->personality << '.' << start->io_priority << '.' << start->process.core_dump_filter << '.'
       << start->thread.memory_policy << '.' << start->thread.memory_nodes;
  return word.str();
}

std::vector<std::uint8_t> told_start_settings() { return encode(*start); }

void note_start_settings_as(std::span<const std::uint8_t> told) {
  start = decode<Start>(told, "settings at the start");
}

void note_chosen_settings(const SettingsState& state) {
  start->chosen |= state.chosen;
  for (const ThreadSettings& thread : state.threads) start->chosen_by_threads |= thread.chosen;
}

std::vector<std::uint8_t> capture_settings(Capture& capture) {
  SettingsState now = of_process();
  const SettingsState& began = start->process;
  now.chosen = start->chosen;
  if (now.core_dump_filter != began.core_dump_filter) now.chosen |= kCoreDumpFilter;
  if (now.memory_merge != began.memory_merge) now.chosen |= kMemoryMerge;
  if (now.deny_write_execute != began.deny_write_execute) now.chosen |= kDenyWriteExecute;
  if (now.membarrier != began.membarrier) now.chosen |= kMembarrier;
  for (std::uint32_t i = 0; i < capture.guest.threads_max; ++i) {
    const cairn_thread& slot = capture.guest.threads[i];
    if (slot.state != CAIRN_THREAD_STOPPED) continue;
    const ThreadSettings thread = of_thread(slot);
    if (thread.chosen != 0) now.threads.push_back(thread);
  }
  capture_inherited(capture.guest, now);
  return encode(now);
}

}  // namespace cairn::state
