// SPDX-License-Identifier: Apache-2.0
// The guest's limits of open files. The soft one is the kernel's; the host's descriptors need room above it, so that a
// hard limit that the guest lowers is kept in the host's table and comes into force for what it executes.
#pragma once

#include <sys/resource.h>

namespace cairn::guest {

// While it exists the kernel has the guest's limits, if `path` can be executed: a hard limit may not go up again.
// vfork-safe.
class GuestLimitsInForce {
 public:
  explicit GuestLimitsInForce(const char* path);
  ~GuestLimitsInForce();
  GuestLimitsInForce(const GuestLimitsInForce&) = delete;
  GuestLimitsInForce& operator=(const GuestLimitsInForce&) = delete;
  // A host does not start with fewer descriptors than this.
  bool enough_for_host() const { return !changed_ || guest_.rlim_max >= 128; }

 private:
  rlimit before_{}, guest_{};
  bool changed_ = false;
};

}  // namespace cairn::guest
