// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/participant.hpp"

#include "mpi/crcp/agent.hpp"
#include "mpi/p2p/adopt.hpp"
#include "mpi/p2p/drain.hpp"
#include "mpi/p2p/queue.hpp"
#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

namespace {

using crcp::Fence;
using crcp::Outcome;

class PointToPoint final : public crcp::Participant {
 public:
  int prepare() noexcept override { return make_private_self(); }

  std::string obstacle() override { return drain_obstacle(); }

  void contribute(Fence fence, Encoder& out) override {
    if (fence == Fence::settled) {
      expect_nothing();
      failure_.clear();
      SentCounts part = sent_counts();
      out(part);
    } else if (fence == Fence::drained) {
      HeldSends part = hold_for_others();
      out(part);
    }
  }

  void read(Fence fence, int rank, Decoder& in) override {
    if (fence == Fence::settled) {
      SentCounts part;
      in(part);
      if (failure_.empty()) failure_ = expect(crcp::agent::rank(), rank, part);
    } else if (fence == Fence::drained) {
      HeldSends part;
      in(part);
      hold(crcp::agent::rank(), part);
    }
  }

  std::string heard(Fence fence) override { return fence == Fence::settled ? failure_ : std::string(); }

  void progress() noexcept override { progress_library(); }
  bool settled() noexcept override { return adopted_settled(); }
  bool step() noexcept override { return drain_step(); }
  std::string missing() override { return drain_text(); }
  std::string park() override { return park_receives(); }

  std::string resume(Outcome outcome) override {
    if (outcome == Outcome::new_library && make_private_self() != MPI_SUCCESS)
      return "its MPI objects could not be made again: the communicator for drained messages";
    if (!repost_receives()) return "a receive could not be posted again: the MPI library refused it";
    return {};
  }

  void finish() noexcept override { free_private_self(); }

 private:
  std::string failure_;  // of F3
};

}  // namespace

crcp::Participant& point_to_point() noexcept {
  static PointToPoint the_participant;
  return the_participant;
}

}  // namespace cairn::p2p
