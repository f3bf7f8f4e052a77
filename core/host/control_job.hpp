// SPDX-License-Identifier: Apache-2.0
// One checkpoint asked for over the control socket, from the request to the reply. Runs on the worker thread of
// control.cpp; progress() and cancel() may be called from others.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/abi/control_protocol.hpp"
#include "core/abi/self_request.hpp"
#include "core/base/unique_fd.hpp"
#include "core/group/tree.hpp"
#include "core/host/control_target.hpp"
#include "core/host/leader.hpp"

namespace cairn::host {

class ControlJob {
 public:
  // Called with the final reply: when the program's callbacks have returned, or before the process is ended. Runs on
  // the worker.
  using Answer = std::function<void(const cairn_control_reply&)>;
  // The program itself waits for its callbacks: one of them may be what asks.
  enum class Asker { program, other_process };

  // `leader`: tells what is to be done, if the request makes the process a member of a group. `command`: the process
  // that asks, if it is another.
  ControlJob(const cairn_control_request& request, UniqueFd descriptor, Asker asker, Answer answer,
             std::optional<Leader> leader = std::nullopt, pid_t command = 0);
  // Takes the checkpoint; all errors end up in the reply.
  void run() noexcept;
  Asker asker() const noexcept { return asker_; }
  // What is going on now.
  cairn_control_reply progress() const;
  // The final reply has been given, or is about to be.
  bool answered() const noexcept { return answered_.load(); }
  // The checkpoint is not wanted any more: it is given up at the next step.
  void cancel() noexcept;

 private:
  void take();
  void take_process();
  void take_tree();
  void take_members(const group::Request& request);
  void lead_tree(group::Request& request);
  void follow();
  void follow_to_the_end();
  group::Group::Members find_members(const group::Group::Members& known);
  group::Request request_of_group() const;
  cairn_control_reply success(const std::vector<CheckpointStatistics>& statistics) const;
  void answer(const cairn_control_reply& reply);
  void stop_again(int signal) const;
  void end_with_signal();
  void check_cancelled() const;
  void wait_for_callbacks(double seconds) const;
  bool was_stopped() const noexcept;
  bool is_member() const noexcept { return (request_.flags & CAIRN_CONTROL_MEMBER) != 0; }

  cairn_control_request request_;
  UniqueFd descriptor_;
  Asker asker_;
  Answer answer_;
  std::optional<Leader> leader_;
  pid_t command_;
  std::optional<ControlTarget> target_;  // outlives the group, which removes its file by way of it
  std::optional<group::Tree> tree_;      // nothing: this process alone
  group::Group group_{[this](const auto& known) { return find_members(known); }};
  std::atomic<std::uint32_t> state_{CAIRN_CONTROL_IDLE};
  std::atomic<bool> cancelled_{false}, answered_{false};
};

// The guest's own requests (self_request.cpp): a job for the worker of control.cpp. False if one is at work.
bool begin_own_checkpoint(const cairn_control_request& request, UniqueFd descriptor, ControlJob::Answer answer);
// Of table->request_self. Runs on guest threads inside the host.
int request_own_checkpoint(const cairn_self_request* asked);

cairn_control_reply make_reply(std::uint32_t state, int code = 0, const std::string& text = "");

}  // namespace cairn::host
