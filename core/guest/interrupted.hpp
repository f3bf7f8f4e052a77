// SPDX-License-Identifier: Apache-2.0
// A stop interrupts system calls that the kernel does not resume after a handler (signal(7)). The application
// must not notice: such calls are repeated, for the time that was left when the stop came, unless a handler of the
// application has run meanwhile.
#pragma once

#include <errno.h>
#include <sys/types.h>
#include <time.h>

#include <cstdint>

#include "core/base/deadline.hpp"
#include "core/guest/host.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {

class StopCheck {
 public:
  StopCheck() { begin(); }

  void begin() {
    handlers_ = state.handlers;
    stops_ = state.stop_signals;
    state.interrupted_at = 0;
    __asm__ volatile("" ::: "memory");
  }

  // True if the call that has just failed did so for a stop alone. errno is the call's.
  bool stopped_only() const {
    __asm__ volatile("" ::: "memory");
    return errno == EINTR && cut_short();
  }
  // The same of a call that has succeeded, perhaps with less than it was asked for.
  bool cut_short() const {
    __asm__ volatile("" ::: "memory");
    return state.stop_signals != stops_ && state.handlers == handlers_;
  }

 private:
  uint32_t handlers_ = 0, stops_ = 0;
};

// Repeats `call`, which returns -1 and errno on failure, while only stops interrupt it.
template <typename Call>
auto repeated(Call call) {
  if (!hosted()) return call();
  for (StopCheck check;; check.begin()) {
    const auto result = call();
    if (result != -1 || !check.stopped_only()) return result;
  }
}

// For a call that writes up to `size` bytes and waits until it has written all, unless a signal comes: what a stop has
// cut short is completed. Where the call does not wait, the rest is only tried once more.
template <typename Call>
ssize_t written(const void* bytes, size_t size, Call call) {
  if (!hosted()) return call(bytes, size);
  size_t done = 0;
  for (StopCheck check;; check.begin()) {
    const ssize_t n = call(static_cast<const char*>(bytes) + done, size - done);
    if (n < 0 && check.stopped_only()) continue;
    if (n > 0) done += static_cast<size_t>(n);
    if (n < 0 && done == 0) return n;
    if (n <= 0 || done >= size || !check.cut_short()) return static_cast<ssize_t>(done);
  }
}

// A relative time limit. The clock stands still while the thread is stopped, as the stopped time is not the
// application's; readings are compared only within one host, whose clock they are.
class TimeLeft {
 public:
  // `limit` null: for ever.
  explicit TimeLeft(const timespec* limit) : for_ever_(limit == nullptr) {
    if (!for_ever_) left_ = *limit;
  }
  const timespec* value() const { return for_ever_ ? nullptr : &left_; }

  void started() { began_ = for_ever_ ? 0 : monotonic_nanoseconds(); }
  // The call is over, and no stop came.
  void ended() {
    if (!for_ever_) spend(monotonic_nanoseconds() - began_);
  }
  void interrupted() {
    if (for_ever_) return;
    const int64_t until = state.interrupted_at != 0 ? state.interrupted_at : began_;
    spend(until > began_ ? until - began_ : 0);
  }

 private:
  void spend(int64_t nanoseconds) {
    left_.tv_sec -= nanoseconds / 1000000000;
    left_.tv_nsec -= nanoseconds % 1000000000;
    if (left_.tv_nsec < 0) {
      left_.tv_nsec += 1000000000;
      left_.tv_sec -= 1;
    }
    if (left_.tv_sec < 0) left_ = {0, 0};
  }

  timespec left_{};
  int64_t began_ = 0;
  bool for_ever_;
};

// The same as repeated() for a call with a relative limit: `call` takes the timespec that is left.
template <typename Call>
auto repeated_for(const timespec* limit, Call call) {
  TimeLeft left(limit);
  for (StopCheck check;; check.begin()) {
    left.started();
    const auto result = call(left.value());
    if (result != -1 || !check.stopped_only()) return result;
    left.interrupted();
  }
}

inline timespec from_milliseconds(int milliseconds) { return {milliseconds / 1000, milliseconds % 1000 * 1000000L}; }
// Rounded up: a wait must not end early.
inline int to_milliseconds(const timespec* left) {
  return left == nullptr ? -1 : static_cast<int>(left->tv_sec * 1000 + (left->tv_nsec + 999999) / 1000000);
}

}  // namespace cairn::guest
