// SPDX-License-Identifier: Apache-2.0
// The time limit of a wait for a request, of which what is left is stored back, as select() does. Ordinary code.
#pragma once

#include <sys/time.h>
#include <time.h>

#include <cstdint>

#include "core/base/deadline.hpp"

namespace cairn::guest {

class TimeLimit {
 public:
  // Null: none.
  explicit TimeLimit(timeval* limit) : limit_(limit), began_(monotonic_nanoseconds()) {
    if (limit != nullptr) wanted_ = {limit->tv_sec, limit->tv_usec * 1000};
  }
  const timespec* value() const { return limit_ != nullptr ? &wanted_ : nullptr; }
  // `result`: of the wait; 0: the limit has passed, < 0: it has failed, and nothing is stored. Returns it.
  int ended(int result) const {
    if (limit_ == nullptr || result < 0) return result;
    int64_t left = wanted_.tv_sec * 1000000000LL + wanted_.tv_nsec - (monotonic_nanoseconds() - began_);
    if (left < 0 || result == 0) left = 0;
    *limit_ = {left / 1000000000, left % 1000000000 / 1000};
    return result;
  }

 private:
  timeval* limit_;
  timespec wanted_{};
  int64_t began_;
};

}  // namespace cairn::guest
