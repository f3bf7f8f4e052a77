// SPDX-License-Identifier: Apache-2.0
// Moments that the application hands to the kernel, by way of libc. Where its clocks are ahead of the kernel's (after a
// restart on another boot, without a time namespace), the kernel must be told its own moment for the same; and while
// libc waits, a restart changes what that is. So what libc gets is a copy, which is set anew in a thread that is
// revived.
#pragma once

#include <time.h>

#include <cstdint>

namespace cairn::guest {

// `moment` on the kernel's `clock`; the same where nothing is ahead.
timespec to_kernel(clockid_t clock, const timespec& moment);

class Moment {
 public:
  // `moment` may be null.
  Moment(clockid_t clock, const timespec* moment);
  ~Moment();
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  // For libc, which must read it again whenever it waits; null if there was none.
  const timespec* value() const { return given_ ? &kernel_ : nullptr; }

  // The calling thread's, those that are alive. Frozen-world code.
  static void set_anew();

 private:
  bool is_alive(const void* frame) const;

  uint64_t mark_;
  Moment* outer_;  // of a wait that this one's signal handler interrupted
  timespec wanted_{}, kernel_{};
  clockid_t clock_;
  bool given_;
};

}  // namespace cairn::guest
