// SPDX-License-Identifier: Apache-2.0
// Room for the numbers of a program's descriptors, where the limit of open files is lower than it was. Descriptors that
// are open stay open when the limit goes down again. Ordinary code, one thread.
#pragma once

#include <sys/resource.h>

#include <cstddef>
#include <optional>
#include <span>

#include "core/state/descriptors/state.hpp"

namespace cairn::state {

// Of a checkpoint: whether a restart will have as many descriptors here as it takes, those of the program beside what
// opens it. Throws TemporaryError.
void check_room_for_restart(std::size_t of_program);

// Of a group of so many processes: whether who restarts them may have all that they share open at once. Likewise.
void check_room_for_sharing(std::size_t shared, std::size_t processes);

class DescriptorRoom {
 public:
  // Raises the limit above all of them, to the hard one: there must be numbers beside them, too. Throws
  // EnvironmentError if the hard limit is in the way.
  void make(std::span<const Descriptor> wanted);
  // As far as the hard limit lets.
  void make_all();
  // Once they are there: the limit is again what it was.
  void close();

 private:
  std::optional<rlimit> before_;
};

}  // namespace cairn::state
