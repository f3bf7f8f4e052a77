// SPDX-License-Identifier: Apache-2.0
// The guest's limits that would be the host's as well. Of open files the soft one is the kernel's; the host's
// descriptors need room above it, so that a hard limit that the guest lowers is kept in the host's table and comes into
// force for what it executes. Limits of the address space and of data are noted and shown only: the host has the whole
// address space reserved, and its own data in it.
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

// While it exists the kernel has what is only noted here. For a program without a host; vfork-safe.
class NotedLimitsInForce {
 public:
  explicit NotedLimitsInForce(const char* path);
  ~NotedLimitsInForce();
  NotedLimitsInForce(const NotedLimitsInForce&) = delete;
  NotedLimitsInForce& operator=(const NotedLimitsInForce&) = delete;

 private:
  rlimit before_[2] = {};
  bool changed_[2] = {};
};

}  // namespace cairn::guest
