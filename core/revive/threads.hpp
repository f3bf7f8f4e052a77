// SPDX-License-Identifier: Apache-2.0
// The guest's threads. Ordinary code on the main thread, which blocks all signals.
#pragma once

#include <memory>
#include <vector>

#include "core/guest/guest_abi.h"
#include "core/revive/held_numbers.hpp"
#include "core/revive/image.hpp"
#include "core/revive/resume.hpp"
#include "core/revive/signals.hpp"

namespace cairn::revive {

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
  int create_thread(const state::ThreadState& thread, const Resume& resume);
  void enter(const state::ThreadState& thread, int tid);

  const Image& image_;
  cairn_guest& guest_;
  std::vector<std::unique_ptr<Resume>> resumes_;
  ThreadNumbers numbers_;
};

}  // namespace cairn::revive
