// SPDX-License-Identifier: Apache-2.0
// Room for the numbers of a program's descriptors, where the limit of open files is lower than it was. Descriptors that
// are open stay open when the limit goes down again. Ordinary code, one thread.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <span>

#include "core/state/descriptors/state.hpp"

namespace cairn::state {

class DescriptorRoom {
 public:
  // Raises the limit as far as it is needed. Throws EnvironmentError if the hard limit is in the way.
  void make(std::span<const Descriptor> wanted);
  // Once they are there: the limit is again what it was.
  void close();

 private:
  std::optional<rlimit> before_;
};

}  // namespace cairn::state
