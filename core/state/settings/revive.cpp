// SPDX-License-Identifier: Apache-2.0
#include <asm/prctl.h>
#include <linux/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/text.hpp"
#include "core/state/process/state.hpp"
#include "core/state/settings/inherited.hpp"
#include "core/state/settings/kind.hpp"
#include "core/state/settings/newer_kernel.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {
namespace {

constexpr long kNodeBits = 65;  // the kernel takes one less

class SettingsReviver : public Reviver {
 public:
  explicit SettingsReviver(Restart& restart) : restart_(restart), state_(restart.image.get<SettingsState>()) {}
  void restore(Stage stage) override {
    if (stage != Stage::last) return;
    note_chosen_settings(state_);
    note_inherited(state_.inherited);
    restore_process();
    for (const ThreadSettings& thread : state_.threads) note_calls(thread);
  }

 private:
  bool chosen(ProcessSetting setting) const { return (state_.chosen & setting) != 0; }
  void restore_process();
  void restore_barriers();
  void note_calls(const ThreadSettings& thread);
  void note_speculation(const ThreadSettings& thread);

  Restart& restart_;
  const SettingsState& state_;
};

void SettingsReviver::restore_process() {
  // Without it all is right.
  if (chosen(kMemoryMerge)) raw_syscall(SYS_prctl, kSetMemoryMerge, state_.memory_merge ? 1 : 0);
  if (chosen(kCoreDumpFilter) && !write_file("/proc/self/coredump_filter", hex(state_.core_dump_filter)))
    throw EnvironmentError(with_errno("cannot set what is in core dumps (/proc/self/coredump_filter)", errno));
  if (chosen(kMembarrier)) restore_barriers();
  if (!chosen(kDenyWriteExecute) || state_.deny_write_execute == 0) return;
  restart_.own_calls.add(
      restart_.image.get<ProcessState>().pid, Turn::before_rights,
      {"its memory closed against new code (PR_SET_MDWE)", SYS_prctl, {kSetMdwe, state_.deny_write_execute, 0, 0, 0}});
}

void SettingsReviver::restore_barriers() {
  for (unsigned bit = 1; bit != 0; bit <<= 1) {
    if ((state_.membarrier & bit) == 0) continue;
    const long result = raw_syscall(SYS_membarrier, bit, 0, 0);
    if (is_error(result))
      throw EnvironmentError(
          with_errno("cannot register for membarrier " + std::to_string(bit), static_cast<int>(-result)));
  }
}

void SettingsReviver::note_calls(const ThreadSettings& t) {
  const auto note = [&](std::uint32_t setting, Turn turn, const OwnCall& call) {
    if ((t.chosen & setting) != 0) restart_.own_calls.add(t.tid, turn, call);
  };
  const Turn first = Turn::before_rights;
  note(kPersonality, first, {"its personality", SYS_personality, {static_cast<long>(t.personality)}});
  note(kTimeStampCounter, first, {"its setting of the TSC", SYS_prctl, {PR_SET_TSC, t.time_stamp_counter}});
  note(kCpuid, first, {"its setting of CPUID", SYS_arch_prctl, {ARCH_SET_CPUID, t.cpuid}});
  note(kMachineCheck, first,
       {"its setting for machine checks", SYS_prctl, {PR_MCE_KILL, PR_MCE_KILL_SET, t.machine_check, 0, 0}});
  note(kIoFlusher, first, {"its setting as I/O flusher", SYS_prctl, {PR_SET_IO_FLUSHER, t.io_flusher, 0, 0, 0}});
  note(kMemoryPolicy, first,
       {"its memory policy", SYS_set_mempolicy, {t.memory_policy, address(&t.memory_nodes), kNodeBits}, false});
  note(kIoPriority, first, {"its I/O priority", SYS_ioprio_set, {kIoOfThread, 0, t.io_priority}, false});
  note_speculation(t);
  note(kDeathSignal, Turn::after_rights, {"its death signal", SYS_prctl, {PR_SET_PDEATHSIG, t.death_signal}});
}

// A CPU that does not have the misfeature, or a kernel that has it closed for all, needs no setting.
void SettingsReviver::note_speculation(const ThreadSettings& thread) {
  for (long kind = 0; kind < 3; ++kind) {
    const long here = raw_syscall(SYS_prctl, PR_GET_SPECULATION_CTRL, kind, 0, 0, 0);
    const long wanted = thread.speculation[static_cast<std::size_t>(kind)] & ~PR_SPEC_PRCTL;
    if ((thread.chosen & (kSpeculation << kind)) == 0 || is_error(here) || (here & PR_SPEC_PRCTL) == 0) continue;
    restart_.own_calls.add(thread.tid, Turn::before_rights,
                           {"its setting of speculation", SYS_prctl, {PR_SET_SPECULATION_CTRL, kind, wanted, 0, 0}});
  }
}

}  // namespace

// Version 1 did not say what was inherited: nothing.
void read_settings(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version) {
  std::vector<std::uint8_t> whole(bytes.begin(), bytes.end());
  if (version == 1) whole.insert(whole.end(), sizeof(std::uint32_t) * 3, 0);
  image.keep(decode<SettingsState>(whole, SettingsState::section_name));
}

void check_settings(const Image& image) {
  const auto& threads = image.get<ThreadsState>().threads;
  for (const ThreadSettings& settings : image.get<SettingsState>().threads) {
    if (std::none_of(threads.begin(), threads.end(), [&](const ThreadState& t) { return t.tid == settings.tid; }))
      image.contradiction("its settings are of thread " + std::to_string(settings.tid) + ", which it does not have");
  }
}

std::unique_ptr<Reviver> prepare_settings(Restart& restart) { return std::make_unique<SettingsReviver>(restart); }

}  // namespace cairn::state
