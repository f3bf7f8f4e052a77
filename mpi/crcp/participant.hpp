// SPDX-License-Identifier: Apache-2.0
// A participant of the cut: one family of what MPI can have under way (doors, messages, objects, ...), which the
// protocol (protocol.hpp) brings to the cut and back without knowing it by name. A new family is its folder and a row
// in participants.cpp. Below, the verbs in the order in which the protocol calls them; what a family has nothing to do
// for, it leaves out.
//
// All are called with the guest's thread pointer, on libcr's callback thread unless said otherwise. "Locked": the lock
// of gate.hpp is held. "Library free": locked, and no guest thread is in the real library, which may be called.
// What a text says follows "rank N": see the places that make sentences of them, in protocol.cpp.
#pragma once

#include <string>

#include "core/base/codec.hpp"
#include "mpi/crcp/fence.hpp"

namespace cairn::crcp {

// How a request ended.
enum class Outcome {
  not_level,     // aborted before the freeze: guest threads never stopped
  gave_up,       // frozen, but there was no cut
  same_library,  // after the cut: the job goes on, or its images failed
  new_library,   // after the cut: a restart
};

class Participant {
 public:
  // The real MPI_Init has returned, on its thread; all ranks do the same in the same order. An MPI error code.
  virtual int prepare() noexcept { return 0; }

  // Locked. Empty, or what of this rank cannot be checkpointed. Asked again and again until the cut, since the program
  // goes on: waits for nothing.
  virtual std::string obstacle() { return {}; }
  // Not locked, guest threads run: the same for what may take its time to tell, for ever even. Asked before F0 and
  // before F1, while no other rank's program waits for it. It has been noted before what is to be asked about, locked.
  virtual void note_what_to_ask() {}
  virtual std::string slow_obstacle() { return {}; }

  // Locked, but for F1. What this rank tells the others: a struct with fields(). Not asked of a rank that has a failure
  // to tell, but for F2.
  virtual void contribute(Fence, Encoder&) {}
  // Locked. What `rank` contributed. Throws PermanentError if it cannot be understood.
  virtual void read(Fence, int /*rank*/, Decoder&) {}
  // Locked. All have been read. Empty, or why this rank cannot go on with what they said.
  virtual std::string heard(Fence) { return {}; }

  // Library free. Lets it work, and does for other ranks what this one owes them: while mode is CLOSED or RELEASE and
  // in MPI_Finalize too.
  virtual void progress() noexcept {}

  // Locked, between F0 and F1. Empty if F1 may be given, else where this rank is behind.
  virtual std::string behind() { return {}; }

  // Library free, mode RELEASE. Everything that others may be inside of has been begun here and is complete.
  virtual bool settled() noexcept { return true; }

  // Library free, between F3 and F4, again and again: a step towards a library that holds nothing. True: it is so.
  virtual bool step() noexcept { return true; }
  // For texts: what step() still waits for.
  virtual std::string missing() { return {}; }
  // Library free, once all steps are done: takes out of it what can only be taken back. Empty, or why it cannot.
  virtual std::string park() { return {}; }

  // Locked, and library free if park() has been called. With new_library all ranks do the same in the same order.
  // Empty, or why the process cannot go on: "what failed: why".
  virtual std::string resume(Outcome) { return {}; }

  // In MPI_Finalize, on its thread, when no request can come any more.
  virtual void finish() noexcept {}

 protected:
  ~Participant() = default;
};

}  // namespace cairn::crcp
