// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/fence_log.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/participants.hpp"

namespace cairn::crcp {

namespace {

constexpr char kWhat[] = "fence";

bool read_failure(const Bytes& part, Failure& failure) noexcept {
  if (part.empty()) {  // mpi/abi/agent.h: its agent stands in
    failure.text = "it did not take part";
    return true;
  }
  try {
    Decoder in(part, kWhat);
    in(failure);
    return true;
  } catch (const Error&) {
    return false;
  }
}

void read_part(Fence fence, int rank, const Bytes& part) {
  Decoder in(part, kWhat);
  Failure failure;
  in(failure);
  for (Participant* p : participants()) p->read(fence, rank, in);
  in.finish();
}

}  // namespace

Bytes make_part(Fence fence, Failure failure) {
  Encoder out;
  out(failure);
  const bool alone = fence == Fence::join || fence == Fence::verdict;
  if (!alone && (failure.text.empty() || fence == Fence::freeze))
    for (Participant* p : participants()) p->contribute(fence, out);
  return out.take();
}

bool FenceLog::begin(const Bytes& part) {
  open_ = agent::fence_begin(part) == 0;
  return open_;
}

FenceLog::Result FenceLog::test() {
  const int rc = agent::fence_test();
  if (rc == 0) return Result::open;
  open_ = false;
  const auto ranks = static_cast<std::size_t>(agent::size());
  failures_.assign(ranks, {});
  parts_.assign(ranks, {});
  bool good = rc > 0;
  for (std::size_t r = 0; good && r < ranks; ++r)
    good = agent::part(static_cast<int>(r), parts_[r]) && read_failure(parts_[r], failures_[r]);
  return good ? Result::done : Result::lost;
}

bool FenceLog::read(Fence fence, std::string& failure) const {
  failure.clear();
  try {
    for (std::size_t r = 0; r < parts_.size(); ++r) read_part(fence, static_cast<int>(r), parts_[r]);
  } catch (const Error&) {
    return false;
  }
  for (Participant* p : participants())
    if (failure.empty()) failure = p->heard(fence);
  return true;
}

std::string FenceLog::joined_failures(const char* what) const {
  std::string all;
  int more = 0;
  for (std::size_t r = 0; r < failures_.size(); ++r) {
    if (failures_[r].text.empty()) continue;
    if (all.empty())
      all = "rank " + std::to_string(r) + " " + what + failures_[r].text;
    else
      ++more;
  }
  if (more > 0) all += " (and " + std::to_string(more) + " more)";
  return all;
}

std::string FenceLog::own_failure() const {
  const auto rank = static_cast<std::size_t>(agent::rank());
  return rank < failures_.size() ? failures_[rank].text : std::string();
}

bool FenceLog::any_failed() const noexcept {
  return std::any_of(failures_.begin(), failures_.end(), [](const Failure& f) { return !f.text.empty(); });
}

bool FenceLog::any_says(const char* text) const noexcept {
  return std::any_of(failures_.begin(), failures_.end(), [=](const Failure& f) { return f.text == text; });
}

bool FenceLog::all_say(const char* text) const noexcept {
  return std::all_of(failures_.begin(), failures_.end(), [=](const Failure& f) { return f.text == text; });
}

bool FenceLog::any_is_permanent() const noexcept {
  return std::any_of(failures_.begin(), failures_.end(), [](const Failure& f) { return f.permanent; });
}

}  // namespace cairn::crcp
