// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/group_door.hpp"

#include <algorithm>
#include <optional>

#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/doors.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/crcp/letters.hpp"

namespace cairn::crcp {

namespace {

std::int32_t own_rank() noexcept { return MPI_COMM_WORLD->crcp->rank; }

std::vector<std::int32_t> ranks_in(const shim::MemberList* list) {
  if (list == nullptr) return {};
  return {list->world, list->world + list->size};
}

bool is_whole(const std::vector<std::int32_t>& members) noexcept {
  return std::find(members.begin(), members.end(), shim::kOutsider) == members.end();
}

bool overlap(const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) noexcept {
  return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
}

bool is_open(std::uint64_t identity) noexcept {
  return mode() < Mode::closed || (mode() == Mode::release && is_released(identity));
}

// A barrier of letters; of a group with others than this job's processes nobody gathers.
class Gathering {
 public:
  Gathering(std::uint64_t identity, std::vector<std::int32_t> members) : identity_(identity) {
    if (is_whole(members)) members_ = std::move(members);
  }

  // True when all members have come. Waits for nobody; from its beginning again after a restart.
  bool step() noexcept {
    if (generation_ != letters_generation()) rounds_ = {};
    generation_ = letters_generation();
    return all_have_come(identity_, members_, rounds_);
  }

 private:
  const std::uint64_t identity_;
  std::vector<std::int32_t> members_;
  std::uint32_t generation_ = letters_generation();
  Rounds rounds_;
};

// The leaders tell each other who their groups are, and each tells its own group.
class Introduction {
 public:
  explicit Introduction(TwoGroups& call) : call_(call), own_(ranks_in(call.own)) {
    leader_ = own_[static_cast<std::size_t>(call.leader)];
  }

  // True when this rank has heard of the other group, or that there is none to gather with. Waits for nobody.
  bool step() {
    if (leader_ != own_rank()) return letter_take(leader_, call_.number, kToMember, &heard_) && read();
    if (!begun_ && call_.remote_leader != shim::kOutsider)
      letter_send(call_.remote_leader, call_.between, kToLeader, claim());
    begun_ = true;
    if (call_.remote_leader == shim::kOutsider)
      heard_ = {0, kNotWhole};
    else if (!letter_take(call_.remote_leader, call_.between, kToLeader, &heard_))
      return false;
    if (is_whole(own_))
      for (const std::int32_t member : own_)
        if (member != own_rank()) letter_send(member, call_.number, kToMember, heard_);
    return read();
  }

 private:
  static constexpr std::uint64_t kToLeader = 0, kToMember = 1, kWhole = 1, kNotWhole = 0;

  std::vector<std::uint64_t> claim() const {
    std::vector<std::uint64_t> words{call_.number, is_whole(own_) ? kWhole : kNotWhole};
    words.insert(words.end(), own_.begin(), own_.end());
    return words;
  }

  bool read() {
    call_.remote.assign(heard_.begin() + 2, heard_.end());
    call_.together = heard_[1] == kWhole && is_whole(own_) && !overlap(own_, call_.remote);
    const std::uint64_t low = std::min(call_.number, heard_[0]), high = std::max(call_.number, heard_[0]);
    call_.identity = (low * 0x9e3779b97f4a7c15ULL ^ high) | 1;
    return true;
  }

  TwoGroups& call_;
  const std::vector<std::int32_t> own_;
  std::int32_t leader_ = -1;
  std::vector<std::uint64_t> heard_;
  bool begun_ = false;
};

// Both groups gather, of which each knows the other by an introduction.
class Meeting {
 public:
  explicit Meeting(TwoGroups& call) : call_(call) {}

  // True when they are not to gather, or when all have and the door is open.
  bool step() {
    if (generation_ != letters_generation() || !introduction_) {  // who has heard tells the others again
      generation_ = letters_generation();
      introduction_.emplace(call_);
      gathering_.reset();
    }
    if (!gathering_) {
      if (!introduction_->step()) return false;
      if (!call_.together) return true;
      mpi_thread().awaited_group_call = call_.identity;
      std::vector<std::int32_t> all = ranks_in(call_.own);
      all.insert(all.end(), call_.remote.begin(), call_.remote.end());
      std::sort(all.begin(), all.end());
      gathering_.emplace(call_.identity, std::move(all));
    }
    return gathering_->step() && is_open(call_.identity);
  }

 private:
  TwoGroups& call_;
  std::uint32_t generation_ = letters_generation();
  std::optional<Introduction> introduction_;
  std::optional<Gathering> gathering_;
};

// Until step() says so. The lock is held.
template <class Step>
void stand_in_front(Step&& step) noexcept {
  for (;;) {
    if (mode() != Mode::closed) {
      duties();
      if (step()) return;
    }
    wait_at_door();
  }
}

// Until all members have come, and the door is open.
void gather(std::uint64_t identity, std::vector<std::int32_t> members) noexcept {
  Gathering gathering(identity, std::move(members));
  mpi_thread().awaited_group_call = identity;
  stand_in_front([&] { return gathering.step() && is_open(identity); });
  mpi_thread().awaited_group_call = 0;
}

void go_inside_of(std::uint64_t identity) noexcept {
  mpi_thread().in_group_call = identity;
  go_inside();
}

}  // namespace

void gather_all(const char* name) noexcept {
  constexpr std::uint64_t kLastGroupCall = 2;  // the others are odd
  come_in();
  MpiThread& self = mpi_thread();
  self.call = name;
  lock_from(kOut);
  gather(kLastGroupCall, ranks_in(MPI_COMM_WORLD->members));
  self.passed_group_call = kLastGroupCall;
  unlock_to(kOut);
  --gate_depth;
}

void group_call_begin(std::uint64_t identity, const shim::MemberList* members, const char* name) noexcept {
  if (!come_in()) return;
  mpi_thread().call = name;
  note_awaited(nullptr, nullptr, 0, 0);
  lock_from(kOut);
  gather(identity, ranks_in(members));
  go_inside_of(identity);
}

bool two_groups_begin(TwoGroups& call, const char* name) noexcept {
  if (letters_channel() == nullptr || !come_in()) return false;
  mpi_thread().call = name;
  lock_from(kOut);
  Meeting meeting(call);
  stand_in_front([&] { return meeting.step(); });
  mpi_thread().awaited_group_call = 0;
  if (call.together) {
    go_inside_of(call.identity);
    return true;
  }
  mpi_thread().call = nullptr;
  unlock_to(kOut);
  --gate_depth;
  return false;
}

void group_call_end() noexcept {
  if (--gate_depth != 0) return;
  come_outside();
  lock_from(kCollective);
  mpi_thread().in_group_call = 0;
  mpi_thread().call = nullptr;
  unlock_to(kOut);
}

}  // namespace cairn::crcp
