// SPDX-License-Identifier: Apache-2.0
// The processes that are saved together, and the phases of their checkpoint: enumerate, ask for obstacles, have all
// stand, enumerate again until nobody is new, save all, release all, finish (docs/groups.md). Whoever takes a
// checkpoint (the control socket, an MPI job's agent) takes it of a group. A failure of one member gives up all; where
// there are several, the message names the member.
//
// Ordinary code. One thread at a time, but for bytes_so_far() and cancel(). Every wait has a deadline.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/group/member.hpp"

namespace cairn::group {

class Group {
 public:
  using Members = std::vector<std::shared_ptr<Member>>;

  // Finds members: those that are not among `known`. Called anew for each checkpoint, and again when all known ones
  // stand. Throws for who cannot be a member.
  using Enumerate = std::function<Members(const Members& known)>;
  explicit Group(Enumerate enumerate) : enumerate_(std::move(enumerate)) {}
  ~Group() { abandon(); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // As Member's, for all of them.
  std::optional<Error> obstacle();
  void stand(const Request& request);
  void save_standing(const Request& request);
  void save(const Request& request);  // both
  void release(int failure = 0, int signal = 0);
  std::vector<CheckpointStatistics> finish(double seconds);  // in the order of the members
  std::vector<std::string> engines() const;                  // likewise
  void abandon() noexcept;
  // When all files are whole and nobody has been released: ends all members but the first, that this process is.
  void end_others();
  const Members& members() const noexcept { return members_; }  // on the thread that takes the checkpoint
  void cancel() noexcept;                                       // as Member's
  std::uint64_t bytes_so_far() const noexcept;

 private:
  void release_others(int failure, int signal);
  // Adds those that are not known yet; the index of the first of them.
  std::size_t enumerate();
  void forget();
  // Of those from `first` on.
  std::optional<Error> first_obstacle(std::size_t first) const;
  // Throws what is in the way for more than a moment.
  void look();
  // All, and those who turn up meanwhile. Who has ended before he stood, or leaves himself out, is none any more.
  void have_stand(const Request& request, const Deadline& deadline);
  void drop_gone(std::size_t first);
  Error named(const Member& member, const Error& error) const;
  // Does it for each member in turn; gives up all, and throws, where it fails.
  template <class Step>
  void each(Step step, std::size_t first = 0);
  template <class Work>
  void giving_up_if_it_fails(Work work);

  const Enumerate enumerate_;
  mutable std::mutex mutex_;  // changes of members_, against bytes_so_far() and cancel()
  Members members_;
};

}  // namespace cairn::group
