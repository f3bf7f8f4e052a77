// SPDX-License-Identifier: Apache-2.0
// One request, from mode NORMAL to the cut and back (docs/quiesce.md, phases 0 to 3). Runs on libcr's callback thread
// with the guest's thread pointer; guest threads run, stand at the gate, or are in collectives meanwhile.
//
// Every rank takes every decision from the data of the same fence, so that all take the same. Failures are values in
// fences; every wait has a deadline.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/gate.hpp"

namespace cairn::crcp {

class Protocol {
 public:
  explicit Protocol(const cairn_agent_request& request);

  // True: the cut. Nobody is in the real library, it holds nothing of the application's, and the lock is held until
  // go_on() or come_back(). False: the job runs as before, refusal() says why, by rank.
  bool quiesce();
  const std::string& refusal() const noexcept { return refusal_; }

  // After the cut: the same library (continue, or the image failed), or a new one (restart).
  void go_on();
  void come_back();

 private:
  std::string own_obstacle();
  std::string object_obstacle();
  bool admit();        // F0: phase 0. False: refused
  bool wait_level();   // F1: phase 1
  bool close();        // mode CLOSED, F2
  bool settle();       // phase 2
  bool drain();        // F3, F4: phase 3
  void end_aborted();  // the closing fence of an abort

  void change_mode(Mode m);
  // A fence whose parts begin with a text: empty, or why its rank cannot go on. After it, failures_ has the texts.
  bool fence(const Writer& data);
  bool read_parts(bool (*read)(Reader&));
  std::string joined_failures(const char* what) const;

  // One step of keeping MPI going while waiting: admissions, recorded collectives, the library itself.
  void attend();
  void note_activity();
  std::string what_guest_does() const;
  void say(const std::string& text);
  double elapsed() const;

  cairn_agent_request request_;
  AgentLock lock_;
  bool keep_lock_ = false;  // frozen for good: the lock stays held, the library is ours
  bool hands_off_ = false;  // this rank refused: nothing of it was touched
  double started_;
  std::string refusal_;
  std::vector<std::string> failures_;             // by rank, from the last fence
  std::vector<std::vector<std::uint8_t>> parts_;  // by rank
  std::uint64_t last_entries_ = 0;
  double outside_since_ = 0;  // 0: inside, or unknown
  double last_said_ = 0;
  std::string last_text_;
  std::string behind_;
};

}  // namespace cairn::crcp
