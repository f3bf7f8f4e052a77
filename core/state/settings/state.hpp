// SPDX-License-Identifier: Apache-2.0
// What a process and its threads can be set to, as captured and revived. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace cairn::state {

// Bits of ThreadSettings::chosen; numbers in files, for ever.
enum ThreadSetting : std::uint32_t {
  kDeathSignal = 1,
  kTimeStampCounter = 2,
  kMachineCheck = 4,
  kIoFlusher = 8,
  kMemoryPolicy = 16,
  kCpuid = 32,
  kPersonality = 64,
  kIoPriority = 128,
  kSpeculation = 256,  // << number of the misfeature, 0..2
};

struct ThreadSettings {
  std::int32_t tid = 0;
  std::uint32_t chosen = 0;  // those that are not what the process was started with: the others follow the new place
  std::uint8_t death_signal = 0, time_stamp_counter = 0, machine_check = 0, io_flusher = 0, cpuid = 0;
  std::array<std::uint8_t, 3> speculation{};
  std::int32_t memory_policy = 0;
  std::uint64_t memory_nodes = 0;
  std::uint64_t personality = 0;
  std::int32_t io_priority = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(tid, chosen, death_signal, time_stamp_counter, machine_check, io_flusher, cpuid, speculation, memory_policy,
      memory_nodes, personality, io_priority);
  }
};

// Bits of SettingsState::chosen.
enum ProcessSetting : std::uint32_t {
  kCoreDumpFilter = 1,
  kMemoryMerge = 2,
  kDenyWriteExecute = 4,
  kMembarrier = 8,
};

// Bits of SettingsState::inherited.
enum Inherited : std::uint32_t {
  kInheritedUmask = 1,
  kInheritedOomScore = 2,
  kInheritedLimit = 256,  // << number of the resource
};

struct SettingsState {
  static constexpr const char* section_name = "settings";
  std::uint32_t chosen = 0;
  std::uint32_t core_dump_filter = 0;
  std::uint32_t deny_write_execute = 0;  // PR_GET_MDWE
  std::uint32_t membarrier = 0;          // MEMBARRIER_CMD_REGISTER_...
  bool memory_merge = false;             // PR_GET_MEMORY_MERGE
  std::vector<ThreadSettings> threads;   // those that have chosen some
  // Of the sections PROCESS and THREADS: what follows the new place.
  std::uint32_t inherited = 0;
  std::vector<std::int32_t> inherited_cpus, inherited_scheduling;  // threads, ascending
  template <class Archive>
  void fields(Archive& a) {
    a(chosen, core_dump_filter, deny_write_execute, membarrier, memory_merge, threads, inherited, inherited_cpus,
      inherited_scheduling);
  }
};

}  // namespace cairn::state
