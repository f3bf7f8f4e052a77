// SPDX-License-Identifier: Apache-2.0
// One request, from mode NORMAL to the cut and back (docs/quiesce.md, phases 0 to 3). Runs on libcr's callback thread
// with the guest's thread pointer; guest threads run, stand at the gate, or are in collectives meanwhile.
//
// Every rank takes every decision from the data of the same fence, so that all take the same. Failures are values in
// fences; every wait has a deadline. The phases know the participants (participant.hpp) by their verbs only.
#pragma once

#include <string>

#include "mpi/abi/agent.h"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/fence_log.hpp"
#include "mpi/crcp/gate.hpp"
#include "mpi/crcp/participant.hpp"
#include "mpi/crcp/progress_text.hpp"

namespace cairn::crcp {

class Protocol {
 public:
  explicit Protocol(const cairn_agent_request& request);

  // True: the cut. Nobody is in the real library, it holds nothing of the application's, and the lock is held until
  // resume(). False: the job runs as before, refusal() says why, by rank.
  bool quiesce();
  const std::string& refusal() const noexcept { return refusal_; }
  bool refused_for_good() const noexcept { return refused_for_good_; }  // asking again is of no use

  // After the cut: same_library or new_library.
  void resume(Outcome outcome);

 private:
  Failure own_obstacle() const;
  bool join();        // all ranks are there. False: refused
  bool admit();       // F0: phase 0. False: refused
  bool wait_level();  // F1: phase 1
  bool close();       // mode CLOSED, F2. False: refused
  bool settle();      // phase 2
  bool drain();       // F3, F4: phase 3
  void end_not_level();
  std::string empty_library();  // the steps of phase 3

  void change_mode(Mode m);
  // False: refusal_ says that the connection was lost.
  bool fence(const Bytes& part);
  // What all ranks have contributed. False: refusal_ says why not.
  bool read(Fence fence);
  // One step of keeping MPI going while waiting.
  void attend();

  cairn_agent_request request_;
  CallbackLock lock_;
  FenceLog log_;
  ProgressText text_;
  bool keep_lock_ = false;  // frozen for good: the lock stays held, the library is ours
  bool hands_off_ = true;   // nothing of this rank has been touched: it has not been asked yet, or it refused
  double started_;
  std::string refusal_;
  bool refused_for_good_ = false;
  std::string behind_;
};

}  // namespace cairn::crcp
