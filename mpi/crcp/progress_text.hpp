// SPDX-License-Identifier: Apache-2.0
// What `ompi-checkpoint -s` and refusals say about this rank's guest: best effort, from the words of mpi_thread.hpp. On
// libcr's callback thread.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::crcp {

class ProgressText {
 public:
  // To be called now and then: notices how long the guest has been outside of MPI.
  void watch();
  // With the lock held, so that communicators do not go. Looks at the call that the guest is in, some times a second,
  // and tells the agent.
  void look();
  // "is in MPI_Recv on MPI_COMM_WORLD (from rank 3, tag 7)"
  std::string what_guest_does() const;
  // Tells the agent, at most some times a second.
  void say(const std::string& text);

 private:
  std::uint64_t last_entries_ = 0;
  double outside_since_ = 0;  // 0: inside, or unknown
  double last_said_ = 0, last_looked_ = 0;
  std::string last_text_;
  const char* seen_ = nullptr;  // the call at the last look, and what was seen of it
  std::string object_, peers_;
};

}  // namespace cairn::crcp
