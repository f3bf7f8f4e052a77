// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/objects.hpp"

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/shim/mpi_include.hpp"
#include "mpi/shim/objects/communicator/held.hpp"
#include "mpi/shim/objects/file/places.hpp"
#include "mpi/shim/rebuild.hpp"
#include "mpi/shim/unsupported.hpp"

namespace cairn::crcp {

namespace {

class Objects final : public Participant {
 public:
  // The program makes and frees objects while it runs: their lists are read under the lock. Who does not give it up at
  // once is asked again.
  std::string obstacle(Asked asked) override {
    if (asked == Asked::locked) return unsupported();
    constexpr double kMoment = 0.1;
    std::vector<shim::FilePlace> places;
    {
      CallbackLock lock;
      if (!lock.acquire(kMoment)) return {};
      if (std::string text = unsupported(); !text.empty()) return text;
      places = shim::file_places();
    }
    return shim::displaced_file(places);
  }

  // What is made again in a restart, all members do together: communicators too that only some of them need.
  void contribute(Fence fence, Encoder& out) override {
    if (fence != Fence::settled) return;
    shim::HeldComms part = shim::held_comms();
    out(part);
  }

  void read(Fence fence, int /*rank*/, Decoder& in) override {
    if (fence != Fence::settled) return;
    shim::HeldComms part;
    in(part);
    shim::held_comms_add(agent::rank(), part);
  }

  std::string park() override {
    shim::park_all();
    return {};
  }

  std::string resume(Outcome outcome) override {
    char text[256] = "";
    if (outcome != Outcome::new_library) {
      shim::unpark_all();
      return {};
    }
    if (shim::rebuild_all(text, sizeof text) == MPI_SUCCESS) return {};
    return std::string("its MPI objects could not be made again: ") + text;
  }

 private:
  static std::string unsupported() {
    char text[256];
    return shim::first_unsupported(text, sizeof text) != 0 ? text : std::string();
  }
};

}  // namespace

Participant& objects() noexcept {
  static Objects the_objects;
  return the_objects;
}

}  // namespace cairn::crcp
