// SPDX-License-Identifier: Apache-2.0
// One request, from mode NORMAL to the cut and back (docs/quiesce.md, phases 0 to 3). Runs on libcr's callback thread
// with the guest's thread pointer; guest threads run, stand at the gate, or are in collectives meanwhile.
//
// Every rank takes every decision from the data of the same fence, so that all take the same. Failures are values in
// fences; every wait that the application notices has a deadline. The phases know the participants (participant.hpp) by
// their verbs only.
#pragma once

#include <string>

#include "mpi/abi/agent.h"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/fences.hpp"
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
  bool come_to_cut();
  Failure own_obstacle();
  std::string failures_told(const char* what);
  double time_to_level() const;
  bool join();        // all ranks are there. False: refused
  bool admit();       // F0: phase 0. False: refused
  bool wait_level();  // F1: phase 1. False: lost
  std::string become_level();
  bool close();  // mode CLOSED, F2. False: lost
  std::string close_sections();
  void settle();                // phase 2
  bool drain();                 // F3, F4: phase 3
  std::string empty_library();  // the steps of phase 3

  void change_mode(Mode m);
  // When a rank has been waited for long enough.
  double latest() const;
  void leave(Mode m);
  void let_go();
  // False: refusal_ says that the connection was lost.
  bool arrived(Passage passage);
  // A fence behind F2: who leaves it knows how far everybody may be, and ends the request for this rank.
  bool pass_or_end(Bytes part);
  // What all ranks have contributed. False: refusal_ says why not.
  bool read(Fence fence);
  // One step of keeping MPI going while waiting.
  void attend();
  void begin_phase(const char* text);
  void idle();

  cairn_agent_request request_;
  CallbackLock lock_;
  Fences fences_;
  ProgressText text_;
  const char* phase_ = "";  // for texts: what it waits for in a fence
  bool keep_lock_ = false;  // frozen for good: the lock stays held, the library is ours
  bool hands_off_ = true;   // the application goes on as if nothing were asked: before F0, or since this rank left
  std::string left_;        // since: what it tells the others of that
  double started_;
  std::string refusal_;
  std::string own_failure_;  // what of it is for this rank's sake
  bool refused_for_good_ = false;
};

}  // namespace cairn::crcp
