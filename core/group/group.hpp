// SPDX-License-Identifier: Apache-2.0
// The processes that are saved together, and the phases of their checkpoint: enumerate, ask for obstacles, save all,
// release all, finish. Whoever takes a checkpoint (the control socket, an MPI job's agent) takes it of a group. A
// failure of one member gives up all; where there are several, the message names the member.
//
// Ordinary code. One thread at a time, but for bytes_so_far(). Every wait has a deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/group/member.hpp"

namespace cairn::group {

class Group {
 public:
  using Members = std::vector<std::shared_ptr<Member>>;

  // `enumerate` finds the members anew for each checkpoint.
  explicit Group(std::function<Members()> enumerate) : enumerate_(std::move(enumerate)) {}
  ~Group() { abandon(); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // As Member's, for all of them.
  std::optional<Error> obstacle();
  void save(const Request& request);
  void release(int failure = 0);
  std::vector<CheckpointStatistics> finish(double seconds);  // in the order of the members
  std::vector<std::string> engines() const;                  // likewise
  void abandon() noexcept;
  std::uint64_t bytes_so_far() const noexcept;

 private:
  void enumerate();
  std::optional<Error> first_obstacle() const;
  Error named(const Member& member, const Error& error) const;
  // Does it for each member in turn; gives up all, and throws, where it fails.
  template <class Step>
  void each(Step step);

  const std::function<Members()> enumerate_;
  mutable std::mutex mutex_;  // changes of members_, against bytes_so_far()
  Members members_;
};

}  // namespace cairn::group
