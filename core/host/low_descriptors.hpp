// SPDX-License-Identifier: Apache-2.0
// Functions of libc that make descriptors inside, for themselves, use them and close them: they have low numbers
// meanwhile, which nobody moves up, and perhaps for long (a name server is asked). Host threads; no exceptions but
// where it says so.
#pragma once

namespace cairn::host {

// Around a call of such a function. May be nested. Waits while somebody looks which descriptors are the guest's.
class LowDescriptors {
 public:
  LowDescriptors() noexcept;
  ~LowDescriptors();
  LowDescriptors(const LowDescriptors&) = delete;
  LowDescriptors& operator=(const LowDescriptors&) = delete;
};

// While it exists no thread of the host is in such a function. Throws TemporaryError if one does not come back in time.
class NoLowDescriptors {
 public:
  NoLowDescriptors();
  ~NoLowDescriptors();
  NoLowDescriptors(const NoLowDescriptors&) = delete;
  NoLowDescriptors& operator=(const NoLowDescriptors&) = delete;
};

}  // namespace cairn::host
