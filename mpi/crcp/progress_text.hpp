// SPDX-License-Identifier: Apache-2.0
// What `ompi-checkpoint -s` and refusals say about this rank's guest: best effort, from the words of mpi_thread.hpp. On
// libcr's callback thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::crcp {

struct MpiThread;

class ProgressText {
 public:
  // To be called now and then: notices how long the guest has been outside of MPI.
  void watch();
  // With the lock held, so that communicators do not go. Looks at the calls that the guest's threads are in, some times
  // a second, and tells the agent.
  void look();
  // "is in MPI_Recv on MPI_COMM_WORLD (from rank 3, tag 7)"
  std::string what_guest_does() const;
  // ... and what its other threads were doing at the last look.
  std::string what_threads_do() const;
  // Tells the agent, at most some times a second.
  void say(const std::string& text);

 private:
  struct Seen {
    const char* call;
    std::string object, peers;
    std::uint64_t comm, round, frame;  // as in cairn_agent_activity
  };
  void see(const MpiThread& thread);

  std::uint64_t last_entries_ = 0;
  double outside_since_ = 0;  // 0: inside, or unknown
  double last_said_ = 0, last_looked_ = 0;
  std::string last_text_;
  std::vector<Seen> seen_;  // at the last look
};

}  // namespace cairn::crcp
