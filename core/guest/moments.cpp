// SPDX-License-Identifier: Apache-2.0
#include "core/guest/moments.hpp"

#include "core/base/clock.hpp"
#include "core/guest/host.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

constexpr uint64_t kAlive = 0x656e696c64616564;

}  // namespace

timespec to_kernel(clockid_t clock, const timespec& moment) {
  if (!hosted() || table().clock_ahead == nullptr || moment.tv_nsec < 0 || moment.tv_nsec >= nanoseconds_per_second)
    return moment;
  const StopDeferred deferred;
  const int64_t ahead = table().clock_ahead(clock);
  if (ahead == 0) return moment;
  int64_t result;  // what is out of reach stays so
  if (__builtin_mul_overflow(moment.tv_sec, nanoseconds_per_second, &result) ||
      __builtin_add_overflow(result, moment.tv_nsec, &result) || __builtin_sub_overflow(result, ahead, &result))
    return moment;
  return result > 0 ? to_timespec(result) : timespec{};
}

// Threads leave waits by cancellation, too, which does not take the mark away: what lies below the stack is dead.
Moment::Moment(clockid_t clock, const timespec* moment)
    : mark_(kAlive), outer_(state.moments), clock_(clock), given_(moment != nullptr) {
  if (!given_) return;
  wanted_ = *moment;
  state.moments = this;
  const StopDeferred deferred;  // or what is found here takes the place of what a revival has set anew
  kernel_ = to_kernel(clock_, wanted_);
}

Moment::~Moment() {
  mark_ = 0;
  if (given_) state.moments = outer_;
}

bool Moment::is_alive(const void* frame) const { return static_cast<const void*>(this) > frame && mark_ == kAlive; }

void Moment::set_anew() {
  const void* frame = __builtin_frame_address(0);
  for (Moment* d = state.moments; d != nullptr && d->is_alive(frame); frame = d, d = d->outer_)
    d->kernel_ = to_kernel(d->clock_, d->wanted_);
}

}  // namespace cairn::guest
