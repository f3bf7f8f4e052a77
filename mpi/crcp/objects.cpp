// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/objects.hpp"

#include <algorithm>
#include <vector>

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/shim/mpi_include.hpp"
#include "mpi/shim/objects/communicator/held.hpp"
#include "mpi/shim/objects/file/places.hpp"
#include "mpi/shim/objects/window/common.hpp"
#include "mpi/shim/rebuild.hpp"
#include "mpi/shim/unsupported.hpp"

namespace cairn::crcp {

namespace {

// What a rank says in F2.
struct CommonMemory {
  bool exists = false;
  template <class Archive>
  void fields(Archive& a) {
    a(exists);
  }
};

class Objects final : public Participant {
 public:
  std::string obstacle() override {
    char text[256];
    return shim::first_unsupported(text, sizeof text) != 0 ? text : std::string();
  }

  void note_what_to_ask() override { places_ = shim::file_places(); }

  // A file that the program has closed meanwhile may go where it likes.
  std::string slow_obstacle() override {
    const std::vector<shim::FilePlace> displaced = shim::displaced_files(places_);
    if (displaced.empty()) return {};
    CallbackLock lock;
    lock.acquire_firmly();
    const std::vector<shim::FilePlace> open = shim::file_places();
    const auto found = std::find_first_of(displaced.begin(), displaced.end(), open.begin(), open.end());
    return found == displaced.end()
               ? std::string()
               : "the open file '" + found->label + "' is not at its path any more (MPI_File_open)";
  }

  // What is made again in a restart, all members do together: communicators too that only some of them need.
  void contribute(Fence fence, Encoder& out) override {
    if (fence == Fence::freeze) {
      common_memory_ = false;
      CommonMemory part{shim::window_may_have_exposed_memory()};
      out(part);
    }
    if (fence != Fence::settled) return;
    shim::HeldComms part = shim::held_comms();
    out(part);
  }

  void read(Fence fence, int /*rank*/, Decoder& in) override {
    if (fence == Fence::freeze) {
      CommonMemory part;
      in(part);
      common_memory_ = common_memory_ || part.exists;
    }
    if (fence != Fence::settled) return;
    shim::HeldComms part;
    in(part);
    shim::held_comms_add(agent::rank(), part);
  }

  // F2 all ranks pass, or none: all agents take part in the same fences.
  std::string heard(Fence fence) override {
    if (fence == Fence::freeze) agent::tell_common_memory(common_memory_);
    return {};
  }

  bool step() noexcept override {
    shim::complete_all();
    return true;
  }

  std::string park() override {
    if (!common_memory_ && shim::window_has_exposed_memory())
      return "has just made a window with memory that others may write to";
    shim::park_all();
    return {};
  }

  std::string resume(Outcome outcome) override {
    char text[1024] = "";
    if (outcome != Outcome::new_library) {
      shim::unpark_all();
      return {};
    }
    if (shim::rebuild_all(text, sizeof text) == MPI_SUCCESS) return {};
    return std::string("its MPI objects could not be made again: ") + text;
  }

 private:
  bool common_memory_ = false;  // of any rank
  std::vector<shim::FilePlace> places_;
};

}  // namespace

Participant& objects() noexcept {
  static Objects the_objects;
  return the_objects;
}

}  // namespace cairn::crcp
