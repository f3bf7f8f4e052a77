// SPDX-License-Identifier: Apache-2.0
#include "core/group/group.hpp"

#include <signal.h>

#include <algorithm>

#include "core/state/descriptors/kind.hpp"

namespace cairn::group {

std::size_t Group::enumerate() {
  const std::size_t first = members_.size();
  Members found = enumerate_(members_);
  const std::lock_guard lock(mutex_);
  members_.insert(members_.end(), found.begin(), found.end());
  return first;
}

void Group::forget() {
  const std::lock_guard lock(mutex_);
  members_.clear();
}

Error Group::named(const Member& member, const Error& error) const {
  return members_.size() == 1 ? error : Error(error.code(), member.name() + ": " + error.what(), error.number());
}

template <class Step>
void Group::each(Step step, std::size_t first) {
  for (std::size_t i = first; i < members_.size(); ++i) {
    Member& member = *members_[i];
    try {
      step(member);
    } catch (const Error& error) {
      abandon();
      throw named(member, error);
    } catch (...) {
      abandon();
      throw;
    }
  }
}

template <class Work>
void Group::giving_up_if_it_fails(Work work) {
  try {
    work();
  } catch (...) {
    abandon();
    throw;
  }
}

std::optional<Error> Group::first_obstacle(std::size_t first) const {
  for (std::size_t i = first; i < members_.size(); ++i) members_[i]->begin_look();
  for (std::size_t i = first; i < members_.size(); ++i) {
    const auto error = members_[i]->obstacle();
    if (error && !members_[i]->is_gone()) return named(*members_[i], *error);
  }
  return std::nullopt;
}

std::optional<Error> Group::obstacle() {
  forget();
  return first_obstacle(enumerate());
}

// What was found while processes began or ended may have been theirs: it is looked for again.
void Group::look() {
  constexpr double kPatience = 2;  // seconds
  constexpr int kLooks = 2;
  const Deadline patience(kPatience);
  for (int seen = 1;; abandon()) {
    const auto error = obstacle();
    if (!error) return;
    const bool same = enumerate() == members_.size() &&
                      std::none_of(members_.begin(), members_.end(), [](const auto& m) { return m->is_gone(); });
    if (error->code() != CAIRN_EXIT_TEMPORARY || (same && seen == kLooks) || patience.passed()) throw Error(*error);
    seen = same ? seen + 1 : 1;
  }
}

void Group::drop_gone(std::size_t first) {
  const std::lock_guard lock(mutex_);
  const auto gone = [](const auto& member) { return member->is_gone(); };
  members_.erase(std::remove_if(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end(), gone),
                 members_.end());
}

void Group::have_stand(const Request& request, const Deadline& deadline) {
  Request left = request;
  const auto with_time_left = [&]() -> const Request& {
    left.parameters.timeout = std::max(0.0, deadline.left());
    return left;
  };
  for (std::size_t first = 0; first < members_.size();) {
    each([&](Member& member) { member.begin_stand(with_time_left()); }, first);
    each(
        [&](Member& member) {
          try {
            member.stand(with_time_left());
          } catch (const Error&) {
            if (!member.is_gone()) throw;
          }
        },
        first);
    drop_gone(first);
    giving_up_if_it_fails([&] {
      first = enumerate();  // who stands cannot fork
      if (first < members_.size() && deadline.passed() && request.parameters.timeout > 0)
        throw TemporaryError("processes begin faster than they can be stopped");
      if (const auto error = first_obstacle(first)) throw Error(*error);
    });
  }
}

void Group::stand(const Request& request) {
  state::allow_unread_input(request.parameters.drop_input);
  state::reset_outside_connections(request.parameters.reset_connections);
  giving_up_if_it_fails([&] {
    if (!request.looked) return look();
    forget();
    enumerate();
  });
  have_stand(request, Deadline(request.parameters.timeout));  // for the programs: looking at them is no time of theirs
  if (request.all_stand) giving_up_if_it_fails(request.all_stand);
}

void Group::save_standing(const Request& request) {
  each([&](Member& member) { member.begin_save(request); });
  each([&](Member& member) { member.save(request); });
}

void Group::save(const Request& request) {
  stand(request);
  save_standing(request);
}

// Backwards: this process is the first, and the signal may be its end.
void Group::release(int failure, int signal) {
  release_others(failure, signal);
  if (!members_.empty()) members_.front()->release(failure, signal);
}

void Group::end_others() { release_others(0, SIGKILL); }

// What has been sent to a member is lost if this process ends with words of that one unread: it would go on.
void Group::release_others(int failure, int signal) {
  for (std::size_t i = members_.size(); i-- > 1;) members_[i]->release(failure, signal);
  if (signal == 0 || signal == SIGSTOP || signal == SIGCONT) return;
  for (std::size_t i = members_.size(); i-- > 1;) members_[i]->settle();
}

std::vector<CheckpointStatistics> Group::finish(double seconds) {
  const Deadline deadline(seconds);
  std::vector<CheckpointStatistics> statistics;
  each([&](Member& member) { member.begin_finish(seconds); });
  each([&](Member& member) { statistics.push_back(member.finish(deadline.left())); });
  return statistics;
}

std::vector<std::string> Group::engines() const {
  std::vector<std::string> engines;
  for (const auto& member : members_) engines.push_back(member->engine());
  return engines;
}

void Group::abandon() noexcept {
  for (const auto& member : members_) member->abandon();
  for (const auto& member : members_) member->settle();
}

void Group::cancel() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& member : members_) member->cancel();
}

std::uint64_t Group::bytes_so_far() const noexcept {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& member : members_) bytes += member->bytes_so_far();
  return bytes;
}

}  // namespace cairn::group
