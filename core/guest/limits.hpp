// SPDX-License-Identifier: Apache-2.0
// The guest's limit of open files. The host's descriptors need room above it, so that a soft limit that the guest
// lowers is kept here and comes into force for what it executes.
#pragma once

#include <sys/resource.h>

namespace cairn::guest {

// While it exists the kernel has the guest's limit. vfork-safe.
class GuestLimitsInForce {
 public:
  GuestLimitsInForce();
  ~GuestLimitsInForce();
  GuestLimitsInForce(const GuestLimitsInForce&) = delete;
  GuestLimitsInForce& operator=(const GuestLimitsInForce&) = delete;
  // A host does not start with fewer descriptors than this.
  bool enough_for_host() const { return !changed_ || guest_soft_ >= 128; }

 private:
  rlimit before_{};
  rlim_t guest_soft_ = 0;
  bool changed_ = false;
};

}  // namespace cairn::guest
