// SPDX-License-Identifier: Apache-2.0
// This process as a member of a group: runs the thread-context callbacks, stops the guest's threads, captures the state
// that the kernel holds for it, has the engine save its memory, lets it go. The other side of the conversation
// described in core/abi/guest_table.h.
//
// Ordinary code on a host thread (the control thread of core/host or the agent of pmix/). One checkpoint at a time:
// save() of a second object throws TemporaryError.
#pragma once

#include <memory>

#include "core/group/group.hpp"

namespace cairn::group {

class OwnProcess final : public Member {
 public:
  OwnProcess();
  ~OwnProcess() override;
  OwnProcess(const OwnProcess&) = delete;
  OwnProcess& operator=(const OwnProcess&) = delete;

  std::string name() const override;
  std::string engine() const override;
  std::optional<Error> obstacle() const override;
  void stand(const Request& request) override;
  void save(const Request& request) override;
  void release(int failure, int signal) override;
  CheckpointStatistics finish(double seconds) override;
  void abandon() noexcept override;
  bool stands() const noexcept override;
  void cancel() noexcept override;
  std::uint64_t bytes_so_far() const noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What a group of this process alone enumerates.
Group::Members own_process_only(const Group::Members& known);

}  // namespace cairn::group
