// SPDX-License-Identifier: Apache-2.0
// Dumping one frozen process's memory. Two engines, `user` and `kmod`, write the same files.
//
// The caller (core/group) has stopped the guest's threads and described its areas. Ordinary code:
// it runs on a host thread. Not thread-safe; one dump at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/abi/checkpoint_statistics.hpp"
#include "core/context/area.hpp"

namespace cairn {

namespace context {
class Writer;
}

struct DumpRequest {
  context::Writer* writer = nullptr;
  ForkMode fork = ForkMode::automatic;
  unsigned threads = 1;  // writing threads (with compression: also writing processes of a forked dump)
  // Bytes per second that the last dump to the same place took; 0 if unknown. Where the disk is fast enough, standing
  // still costs the program less than the page faults after a fork.
  double expected_bandwidth = 0;
  unsigned processes = 1;          // of this node that may fork for a dump at the same time: they share its memory
  CheckpointStatistics so_far;     // what was measured before the dump: finish() hands it on
  bool save_shared_files = false;  // also contents of shared mappings of ordinary files that still have their name
  // Files that are in the context file as a whole, by device and inode: not what shared mappings show of them.
  std::set<std::pair<std::uint64_t, std::uint64_t>> saved_files;
  std::set<std::uint64_t> saved_elsewhere;  // shared areas, by start, whose content another process of the group saves
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const char* name() const noexcept = 0;
  // Its dumps need the threads of all processes of the node to stand in one node request (node_request.hpp).
  virtual bool wants_node_request() const noexcept = 0;
  // Returns when the guest may run again. What a forked child sees as it is now may be written later by one, the
  // rest is written by then. Throws cairn::Error; the context file is then worthless and must be removed.
  virtual void dump(const DumpRequest& request, std::span<const Area> areas) = 0;
  // Waits until everything is written (also the writer's index and trailer: it calls Writer::finish() in
  // this process, and only then has the file its name). Throws cairn::Error, also when the deadline (seconds,
  // from now) passes. Returns the request's statistics with its own.
  virtual CheckpointStatistics finish(double deadline) = 0;
  // Ends a dump that is not wanted any more: kills and reaps the child. Does not throw.
  virtual void abandon() noexcept = 0;
};

struct EngineChoice {
  std::unique_ptr<Engine> engine;
  std::string why;  // "user: the kernel module is not loaded ..."
};

// `wanted`: "auto", "user" or "kmod". Throws EnvironmentError if the wanted engine cannot be had.
EngineChoice make_engine(const std::string& wanted);

}  // namespace cairn
