// SPDX-License-Identifier: Apache-2.0
// The guest's threads. Ordinary code on the main thread, which blocks all signals.
#pragma once

#include <memory>
#include <vector>

#include "core/abi/guest_table.h"
#include "core/state/image.hpp"
#include "core/state/signals/revive.hpp"
#include "core/state/threads/held_numbers.hpp"
#include "core/state/threads/resume.hpp"

namespace cairn::state {

class Threads {
 public:
  Threads(const Image& image, cairn_guest& guest);
  // Calls the guest's on_revive on the main thread, then makes the others; they wait in libcr. Throws
  // EnvironmentError. Afterwards numbers() is known and the slots hold the new numbers.
  // `held` gives the numbers free.
  void create(HeldNumbers& held);
  const ThreadNumbers& numbers() const noexcept { return numbers_; }
  // True if every thread has the number it had.
  bool kept_numbers() const noexcept;
  // What the main thread resumes.
  const Resume& main() const noexcept { return *resumes_.front(); }

 private:
  int create_thread(const ThreadState& thread, const Resume& resume);
  void enter(const ThreadState& thread, int tid);

  const Image& image_;
  cairn_guest& guest_;
  std::vector<std::unique_ptr<Resume>> resumes_;
  ThreadNumbers numbers_;
};

}  // namespace cairn::state
