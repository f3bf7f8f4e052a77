// SPDX-License-Identifier: Apache-2.0
// The table of kinds, and the walks over it. Ordinary code; see kind.hpp for threads and errors.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/context/writer.hpp"
#include "core/state/kind.hpp"

namespace cairn::state {

// In the order in which they are captured.
std::span<const Kind* const> kinds() noexcept;

// Throws what of this guest cannot be saved, as far as it shows while the guest runs.
void look_for_obstacles(const cairn_guest& guest);
// Captures everything; the guest stands.
void capture_all(Capture& capture, context::Writer& writer);

// All revivers of one restart.
class Revival {
 public:
  explicit Revival(Restart& restart);
  void restore(Stage stage);

 private:
  std::vector<std::unique_ptr<Reviver>> revivers_;
};

}  // namespace cairn::state
