// SPDX-License-Identifier: Apache-2.0
#include "core/group/group.hpp"

#include "core/base/deadline.hpp"
#include "core/state/descriptors/kind.hpp"

namespace cairn::group {

void Group::enumerate() {
  Members found = enumerate_();
  const std::lock_guard lock(mutex_);
  members_ = std::move(found);
}

Error Group::named(const Member& member, const Error& error) const {
  return members_.size() == 1 ? error : Error(error.code(), member.name() + ": " + error.what());
}

template <class Step>
void Group::each(Step step) {
  for (const auto& member : members_) {
    try {
      step(*member);
    } catch (const Error& error) {
      const Error said = named(*member, error);
      abandon();
      throw said;
    } catch (...) {
      abandon();
      throw;
    }
  }
}

std::optional<Error> Group::first_obstacle() const {
  for (const auto& member : members_) {
    if (const auto error = member->obstacle()) return named(*member, *error);
  }
  return std::nullopt;
}

std::optional<Error> Group::obstacle() {
  enumerate();
  return first_obstacle();
}

void Group::save(const Request& request) {
  state::allow_unread_input(request.parameters.drop_input);
  enumerate();
  if (!request.looked) {
    if (const auto error = first_obstacle()) throw *error;
  }
  const Deadline deadline(request.parameters.timeout);  // for the programs: looking at them is no time of theirs
  Request left = request;
  each([&](Member& member) {
    left.parameters.timeout = deadline.left();
    member.save(left);
  });
}

void Group::release(int failure) {
  for (const auto& member : members_) member->release(failure);
}

std::vector<CheckpointStatistics> Group::finish(double seconds) {
  const Deadline deadline(seconds);
  std::vector<CheckpointStatistics> statistics;
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
}

std::uint64_t Group::bytes_so_far() const noexcept {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& member : members_) bytes += member->bytes_so_far();
  return bytes;
}

}  // namespace cairn::group
