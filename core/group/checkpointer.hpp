// SPDX-License-Identifier: Apache-2.0
// Takes the checkpoint of this process: runs the thread-context callbacks, stops the guest's threads, captures
// the state the kernel holds for it, has the engine save its memory, lets it go. The other side of the
// conversation described in core/abi/guest_table.h.
//
// Ordinary code on a host thread (the control thread of core/host or the agent of pmix/). One at a time:
// save() of a second caller throws TemporaryError. Every wait has a deadline.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "core/engine/engine.hpp"
#include "core/engine/node_request.hpp"

namespace cairn::group {

struct CheckpointRequest {
  std::string path;              // context file to create (never overwritten here; callers choose the name)
  int fd = -1;                   // or an open file or pipe to write to
  std::string object_directory;  // where files stored once per snapshot go; empty: inside the context file
  CheckpointParameters parameters;
  bool was_stopped = false;  // by job control, and is to be so after a restart
  bool looked = false;       // the caller has asked obstacle(), and the callbacks know what it said
  double stop_deadline = std::numeric_limits<double>::infinity();  // of the timeout, for threads to stand once told
  engine::NodeGroup node;  // who else of this node is checkpointed by the same request
};

class Checkpointer {
 public:
  Checkpointer();
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // What of this process cannot be saved now, by name; empty if nothing is known to stand in the way.
  // Does not disturb the guest. ("child process 1234 (sleep)", "socket at descriptor 5", ...)
  std::string obstacle() const;

  // Callbacks, stop, capture, in-pause memory. On return the guest stands still until release().
  // Throws cairn::Error; the guest is then running again, its callbacks have been told, nothing is left on disk.
  void save(const CheckpointRequest& request);
  // Lets the guest go on. `failure` < 0 is what callbacks see (-CR_E...), 0 for success.
  void release(int failure = 0);
  // Waits for the deferred part. Throws cairn::Error; the file is then removed. May be called before release().
  CheckpointStatistics finish(double deadline_seconds);
  // Bytes of the context file so far. From any thread, at any time.
  std::uint64_t bytes_so_far() const noexcept;
  // Gives up: releases the guest if it stands, removes the file. Does not throw.
  void abandon() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::group
