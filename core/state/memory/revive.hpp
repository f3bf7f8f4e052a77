// SPDX-License-Identifier: Apache-2.0
// The guest's memory: mapped where it was, filled, protected. Ordinary code on the main thread.
#pragma once

#include <vector>

#include "core/abi/restart_options.hpp"
#include "core/base/unique_fd.hpp"
#include "core/state/image.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {

class Memory {
 public:
  // Opens every file that the areas need; nothing is mapped yet. Throws EnvironmentError that names a file which
  // is missing or has changed.
  Memory(const Image& image, const restart::Options& options);
  // Takes the areas' addresses while the arena is still empty: once the host's other threads run, some library of
  // theirs may have the kernel map something there (libc's own calls are not carved out of the plug). Throws
  // EnvironmentError.
  void reserve();
  // What reserve() takes, in ascending order, neighbours in one.
  std::vector<host::AddressRange> reserved() const;
  // After reserve(): maps all areas at their addresses, loads them with `threads` threads, sets protection and advice.
  // Throws EnvironmentError or PermanentError; what was mapped stays.
  void restore(unsigned threads);
  // mlock, which depends on limits: after those have been set.
  void lock();

 private:
  void map(std::size_t index);
  int shared_memory(const Area& area);

  const Image& image_;
  std::vector<UniqueFd> objects_;  // by object index
  std::vector<UniqueFd> files_;    // by area index: shared files
  struct Shared {
    std::uint64_t device, inode;
    UniqueFd fd;
  };
  std::vector<Shared> shared_;  // anonymous shared memory, one per former object
};

}  // namespace cairn::state
