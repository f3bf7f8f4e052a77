// SPDX-License-Identifier: Apache-2.0
// What the agent needs of core/host's Checkpointer, as an interface, so that the agent can be tested without a guest.
// Semantics as in core/group/checkpointer.hpp.
#pragma once

#include <string>

#include "core/group/checkpointer.hpp"

namespace cairn::pmix {

class Imager {
 public:
  virtual ~Imager() = default;
  virtual std::string obstacle() = 0;
  virtual void save(const group::CheckpointRequest& request) = 0;
  virtual void release(int failure) = 0;
  virtual CheckpointStatistics finish(double deadline_seconds) = 0;
  virtual void abandon() noexcept = 0;
  // Written until now; any thread may ask.
  virtual std::uint64_t bytes_so_far() noexcept = 0;
};

}  // namespace cairn::pmix
