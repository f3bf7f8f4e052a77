// SPDX-License-Identifier: Apache-2.0
// The kernel module's node request (kmod/cairn_uapi.h) as the checkpointers of one node use it: one of them makes it,
// the others get its descriptor; then each joins, has its guest's threads stand in the barrier, and waits until all of
// the node stand. Whatever goes wrong with one of them lets all go.
//
// Ordinary code, one thread. The guest's threads enter by themselves (core/guest/stop.cpp) through fd().
#pragma once

#include <memory>
#include <string>

#include "core/base/unique_fd.hpp"

namespace cairn::engine {

struct NodeGroup {
  unsigned members = 1;  // processes of this node that are checkpointed together
  bool leader = true;    // makes the request; exactly one of them
  std::string key;       // the same for all of them, and for nobody else; needed for more than one member
};

class NodeRequest {
 public:
  // Makes the request and hands it to the other members, or gets it from the leader, and joins. `deadline`: seconds,
  // for everything. Throws TemporaryError (a member did not come in time), EnvironmentError.
  static std::unique_ptr<NodeRequest> open(const NodeGroup& group, double deadline, int fd_base);
  ~NodeRequest() { release(); }
  NodeRequest(const NodeRequest&) = delete;
  NodeRequest& operator=(const NodeRequest&) = delete;

  int fd() const noexcept { return fd_.get(); }
  // How many threads of this process stand or will stand, and until when all of the node must. Throws TemporaryError
  // with the reason when it is aborted or late.
  void wait_complete(unsigned threads, double seconds);
  void release() noexcept;

 private:
  explicit NodeRequest(UniqueFd fd) : fd_(std::move(fd)) {}
  void join(unsigned threads);

  UniqueFd fd_;
};

}  // namespace cairn::engine
