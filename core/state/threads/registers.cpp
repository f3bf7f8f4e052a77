// SPDX-License-Identifier: Apache-2.0
// Register frames can be resumed only where the kernel would make them in the same size with the same features:
// anything else resumes with wrong numbers, silently.
#include <thread>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/context/machine.hpp"
#include "core/state/threads/frame_probe.hpp"
#include "core/state/threads/kind.hpp"

namespace cairn::state {
namespace {

void check_frame(const Image& image, const ThreadState& thread, const FrameShape& here) {
  if (thread.xstate_size == here.size && thread.xstate_features == here.features) return;
  throw EnvironmentError(image.reader().name() + ": thread " + std::to_string(thread.tid) + " was stopped with " +
                         std::to_string(thread.xstate_size) + " bytes of register state (features " +
                         hex(thread.xstate_features) + "), this machine has " + std::to_string(here.size) + " (" +
                         hex(here.features) + ")");
}

}  // namespace

void check_registers(const Image& image) {
  const auto& header = image.reader().header();
  const auto obstacles = context::cpu_obstacles(header);
  if (!obstacles.empty()) throw EnvironmentError(image.reader().name() + ": " + obstacles.front());
  const FrameShape plain = probe_frame();
  for (const ThreadState& thread : image.get<ThreadsState>().threads) {
    if ((thread.xstate_features & tile_data) == 0) {
      check_frame(image, thread, plain);
    } else {
      FrameShape with_tiles;
      std::thread([&with_tiles] { with_tiles = probe_frame_with_tiles(); }).join();
      check_frame(image, thread, with_tiles);
    }
  }
}

}  // namespace cairn::state
