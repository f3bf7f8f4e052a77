// SPDX-License-Identifier: Apache-2.0
// What `ompi-checkpoint -s` and refusals say about this rank's guest: best effort, from the words of mpi_thread.hpp.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::crcp {

class ProgressText {
 public:
  // To be called now and then: notices how long the guest has been outside of MPI.
  void watch();
  // "is in MPI_Recv (rank 3 of the communicator)"
  std::string what_guest_does() const;
  // Tells the agent, at most some times a second.
  void say(const std::string& text);

 private:
  std::uint64_t last_entries_ = 0;
  double outside_since_ = 0;  // 0: inside, or unknown
  double last_said_ = 0;
  std::string last_text_;
};

}  // namespace cairn::crcp
