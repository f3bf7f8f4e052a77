// SPDX-License-Identifier: Apache-2.0
// Another process as a member of the group that this one leads: asked over its control socket, step by step
// (core/abi/control_protocol.hpp). It gives up by itself when the connection ends.
//
// Ordinary code, one thread, but for bytes_so_far(). Every wait has a deadline, or ends when the process has said
// nothing for a while: while it is at work it says how far it is, twice a second.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <optional>
#include <string>

#include "core/abi/control_client.hpp"
#include "core/group/member.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::group {

class RemoteProcess final : public Member {
 public:
  struct Wanted {
    cairn_control_request request;    // name and parameters
    int directory = -1;               // in which the file is made
    state::StandardFiles standard{};  // what the leader was started with
  };
  // Connects, and asks. `name`: of its program. Throws as ControlClient does.
  RemoteProcess(pid_t pid, const std::string& name, const Wanted& wanted);

  std::string name() const override;
  std::string engine() const override { return {}; }
  std::optional<Error> obstacle() const override;
  void stand(const Request& request) override;
  void save(const Request& request) override;
  void release(int failure, int signal) override;
  CheckpointStatistics finish(double seconds) override;
  void abandon() noexcept override;
  void settle() noexcept override;
  bool stands() const noexcept override { return stands_; }
  bool is_gone() const noexcept override;
  std::uint64_t bytes_so_far() const noexcept override { return bytes_.load(); }

  void begin_look() override;
  void begin_stand(const Request& request) override;
  void begin_save(const Request& request) override;
  void begin_finish(double seconds) override;

  pid_t pid() const noexcept { return pid_; }
  // By job control: it has been woken to be served.
  bool was_stopped() const noexcept { return was_stopped_; }
  // And its parent had waited for that.
  bool stop_is_known() const noexcept { return stop_is_known_; }
  // By its callbacks.
  bool has_left_itself_out() const noexcept { return left_out_; }

 private:
  bool connect();
  void order(std::uint32_t step, double seconds = 0, int failure = 0, int signal = 0, int descriptor = -1);
  // Until it is in that state. Throws what it says if it fails.
  cairn_control_reply await(std::uint32_t state, double seconds) const;

  const pid_t pid_;
  const std::string program_;
  const state::StandardFiles standard_;
  const std::uint32_t scope_;  // flags of the leader's request
  bool was_stopped_ = false, stop_is_known_ = false, stands_ = false, left_out_ = false;
  mutable std::optional<ControlClient> client_;  // nothing: given up
  mutable std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace cairn::group
