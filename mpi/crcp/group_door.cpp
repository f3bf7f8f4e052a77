// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/group_door.hpp"

#include "core/abi/crossing.h"
#include "mpi/crcp/collective.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/doors.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/gather_tag.hpp"
#include "mpi/crcp/inside.hpp"
#include "mpi/p2p/queue.hpp"
#include "mpi/shim/real.hpp"

namespace cairn::crcp {

namespace {

struct GroupDoor {
  shim::RealComm* channel = nullptr;
  std::uint32_t generation = 0;  // of the channel
  std::int64_t most_tags = 0;    // MPI_TAG_UB
};
GroupDoor door;

// A dissemination barrier in steps that do not wait.
class Gathering {
 public:
  Gathering(std::uint64_t identity, const shim::MemberList* members) noexcept : identity_(identity), members_(members) {
    const std::int32_t own = MPI_COMM_WORLD->crcp->rank;
    for (std::int32_t i = 0; members != nullptr && i < members->size; ++i) {
      if (members->world[i] == own) me_ = i;
      if (members->world[i] == shim::kOutsider) return;
    }
    if (door.channel != nullptr && me_ >= 0) size_ = members->size;
  }

  // True when all members have come.
  bool step() noexcept {
    if (generation_ != door.generation) {  // what was sent is lost, everywhere
      generation_ = door.generation;
      round_ = 0;
      posted_ = false;
    }
    for (; distance() < size_; ++round_, posted_ = false) {
      const std::uint64_t guest = cairn_enter();
      if (!posted_) post();
      const bool done = finished();
      cairn_leave(guest);
      if (!done) return false;
    }
    return true;
  }

 private:
  std::int64_t distance() const noexcept { return std::int64_t{1} << round_; }

  int rank_at(std::int64_t offset) const noexcept {
    return members_->world[static_cast<std::size_t>((me_ + size_ + offset) % size_)];
  }

  void post() noexcept {
    const int tag = gather_tag(identity_, round_, door.most_tags);
    shim::RealDatatype* const byte = shim::to_real(MPI_BYTE);
    shim::real.Irecv(nullptr, 0, byte, rank_at(-distance()), tag, door.channel, &requests_[0]);
    shim::real.Isend(nullptr, 0, byte, rank_at(distance()), tag, door.channel, &requests_[1]);
    posted_ = true;
  }

  bool finished() noexcept {
    int done = 0;
    shim::real.Testall(2, requests_, &done, MPI_STATUSES_IGNORE);
    return done != 0;
  }

  const std::uint64_t identity_;
  const shim::MemberList* const members_;
  std::int64_t me_ = -1, size_ = 0;
  std::uint32_t generation_ = door.generation;
  int round_ = 0;
  bool posted_ = false;
  shim::RealRequest* requests_[2];
};

bool is_open(std::uint64_t identity) noexcept {
  return mode() < Mode::closed || (mode() == Mode::release && is_released(identity));
}

// Until all members have come, and open(). The lock is held.
template <class Open>
void stand_in_front(std::uint64_t identity, const shim::MemberList* members, Open open) noexcept {
  Gathering gathering(identity, members);
  for (;;) {
    if (mode() != Mode::closed) {
      duties();
      if (gathering.step() && open()) return;
    }
    wait_at_door();
  }
}

}  // namespace

void gather_all(const char* name) noexcept {
  constexpr std::uint64_t kLastGroupCall = 2;  // those of MPI_Comm_create_group are odd
  come_in();
  MpiThread& self = mpi_thread();
  self.call = name;
  lock_from(kOut);
  self.awaited_group_call = kLastGroupCall;
  stand_in_front(kLastGroupCall, MPI_COMM_WORLD->members, [] { return is_open(kLastGroupCall); });
  self.awaited_group_call = 0;
  self.passed_group_call = kLastGroupCall;
  unlock_to(kOut);
  --gate_depth;
}

int make_group_channel() noexcept {
  int* most = nullptr;
  int known = 0;
  const std::uint64_t guest = cairn_enter();
  shim::real.Comm_get_attr(shim::real_objects.comm_world, MPI_TAG_UB, static_cast<void*>(&most), &known);
  door.most_tags = known != 0 ? *most : 0;
  cairn_leave(guest);
  return p2p::make_private_copy(*MPI_COMM_WORLD, door.channel);
}

int make_group_channel_again() noexcept {
  if (door.channel == nullptr) return MPI_SUCCESS;
  ++door.generation;
  return make_group_channel();
}

void free_group_channel() noexcept {
  if (door.channel == nullptr) return;
  const std::uint64_t guest = cairn_enter();
  shim::real.Comm_free(&door.channel);
  cairn_leave(guest);
  door.channel = nullptr;
}

shim::RealComm* group_channel() noexcept { return door.channel; }

void group_call_begin(std::uint64_t identity, const shim::MemberList* members, const char* name) noexcept {
  if (!come_in()) return;
  mpi_thread().call = name;
  note_awaited(nullptr, nullptr, 0, 0);
  lock_from(kOut);
  mpi_thread().awaited_group_call = identity;
  stand_in_front(identity, members, [=] { return is_open(identity); });
  mpi_thread().awaited_group_call = 0;
  mpi_thread().in_group_call = identity;
  go_inside();
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
