// SPDX-License-Identifier: Apache-2.0
// The guest's clocks where they differ from the kernel's: the functions of core/state/resident.hpp, and this.
// They are read in the vdso and by the table's functions: with the guest's thread pointer, no TLS, no libc. What they
// read is written before the guest runs, and again in a forked child, which has one thread.
#pragma once

#include <cstdint>
#include <ctime>

namespace cairn::host {

// True if clock_of_guest() is to be asked: what it says may differ, or is noted.
bool clock_is_guests_own(clockid_t clock) noexcept;
// What a clock says to the guest when it says `kernels`, in nanoseconds, to the kernel.
std::int64_t clock_of_guest(clockid_t clock, std::int64_t kernels) noexcept;

// From where it is made until go_on(), the processor clock of the guest's process stands: what the host does meanwhile
// is left out. What the guest has read is not taken back.
class StandingProcessorClock {
 public:
  StandingProcessorClock();
  // From here on the clock counts what the guest's threads use.
  void threads_go_on();
  void go_on();

 private:
  std::int64_t stands_at_, used_by_threads_ = 0;
};

// A child begins with no processor time of its own.
void clocks_after_fork() noexcept;

}  // namespace cairn::host
