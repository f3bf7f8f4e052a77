// SPDX-License-Identifier: Apache-2.0
#include "core/state/threads/held_numbers.hpp"

#include <sched.h>
#include <unistd.h>

#include "core/base/deadline.hpp"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/threads/resume.hpp"

namespace cairn::state {
namespace {

constexpr double kEndSeconds = 5;

}  // namespace

HeldNumbers::HeldNumbers(const ThreadsState& state) {
  const auto& threads = state.threads;
  for (std::size_t i = 1; i < threads.size(); ++i) {
    Holder& holder = holders_.emplace_back(Holder{threads[i].tid, 0});
    std::int32_t wanted = holder.tid;
    CloneArguments arguments{};
    arguments.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    arguments.set_tid = reinterpret_cast<std::uint64_t>(&wanted);
    arguments.set_tid_size = 1;
    if (is_error(cairn_hold_number(&arguments, sizeof arguments, &holder.go))) holders_.pop_back();
  }
}

HeldNumbers::~HeldNumbers() {
  for (const Holder& holder : holders_) release(holder.tid);
}

void HeldNumbers::release(int tid) noexcept {
  for (Holder& holder : holders_) {
    if (holder.tid != tid || holder.go != 0) continue;
    store_and_wake(holder.go, 1);
    const Deadline deadline(kEndSeconds);
    while (raw_syscall(SYS_tgkill, getpid(), tid, 0) == 0 && !deadline.passed()) sched_yield();
  }
}

}  // namespace cairn::state
