// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/objects.hpp"

#include "mpi/shim/mpi_include.hpp"
#include "mpi/shim/rebuild.hpp"
#include "mpi/shim/unsupported.hpp"

namespace cairn::crcp {

namespace {

class Objects final : public Participant {
 public:
  std::string obstacle(Asked) override {
    char text[256];
    return shim::first_unsupported(text, sizeof text) != 0 ? text : std::string();
  }

  std::string resume(Outcome outcome) override {
    char text[256] = "";
    if (outcome != Outcome::new_library || shim::rebuild_all(text, sizeof text) == MPI_SUCCESS) return {};
    return std::string("its MPI objects could not be made again: ") + text;
  }
};

}  // namespace

Participant& objects() noexcept {
  static Objects the_objects;
  return the_objects;
}

}  // namespace cairn::crcp
