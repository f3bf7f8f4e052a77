// SPDX-License-Identifier: Apache-2.0
// One-sided communication: every rank knows what the plan has put into every byte of every window. An operation is
// drawn together with what it must give back, and the plan's copy of its target is changed at once; in the window it
// happens within an epoch, which may be closed steps later. No two operations of an epoch meet in a byte, but for
// accumulates that commute or have one origin.
#pragma once

#include <memory>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

using Bytes = std::vector<unsigned char>;

enum class Rma { kPut, kGet, kAccumulate, kGetAccumulate, kFetchAndOp, kCompareAndSwap };
enum class Flush { kNone, kTarget, kAll, kLocal, kLocalAll, kCount };
enum class EpochKind { kFence, kStartPost, kLockAll, kLocks, kStores };

struct Operation {
  Rma what = Rma::kPut;
  int origin = 0, target = 0;  // members
  std::size_t offset = 0;      // in the target's part
  std::shared_ptr<const Type> type;
  int count = 1;
  bool scattered = false;  // the origin's memory is laid out as the target's is
  bool by_request = false;
  bool echo = false;  // what was put is flushed and read back at once
  bool swaps = true;  // the comparison holds
  MPI_Op op = MPI_OP_NULL;
  std::uint64_t key = 0, give_key = 0;
  Bytes want;  // what comes back, in the order of the type map
  Flush flush = Flush::kNone;

  std::size_t bytes() const { return static_cast<std::size_t>(count) * type->size; }
  bool returns() const { return what != Rma::kPut && what != Rma::kAccumulate; }

  // This rank's side, if it is the origin.
  std::unique_ptr<Buffer> from, to;
  Bytes compare;
  MPI_Request request = MPI_REQUEST_NULL;
  bool verified = false;
};

// A word that several origins draw numbers from: they get all of a range, each one once.
struct Tickets {
  int target = 0;
  std::size_t offset = 0;
  std::uint64_t base = 0, key = 0;
  std::vector<int> taken;  // by member
  std::vector<std::uint64_t> got;
};

struct Epoch {
  EpochKind kind = EpochKind::kFence;
  std::vector<std::vector<bool>> reaches;    // [origin][target]
  std::vector<std::vector<bool>> exclusive;  // of locks
  std::vector<std::size_t> cursors;          // by target: what is behind is not used yet
  std::vector<std::unique_ptr<Operation>> own;
  std::vector<std::unique_ptr<Tickets>> tickets;
  bool passive() const { return kind == EpochKind::kLockAll || kind == EpochKind::kLocks; }
};

struct Window {
  MPI_Win handle = MPI_WIN_NULL;
  MPI_Comm comm = MPI_COMM_NULL;  // a duplicate of its own
  std::vector<int> members;
  int flavor = MPI_WIN_FLAVOR_CREATE;
  std::vector<int> units;
  std::vector<Bytes> model;  // by member, what its part has when all that was drawn has happened
  std::unique_ptr<Epoch> epoch;

  // This rank's.
  int me = -1;
  unsigned char* memory = nullptr;
  std::vector<std::uint64_t> own;  // if it is the program's
  std::vector<MPI_Aint> bases;     // addresses, of a dynamic window
  std::vector<unsigned char*> shared;

  int size() const { return static_cast<int>(members.size()); }
  std::size_t part(int member) const { return model[static_cast<std::size_t>(member)].size(); }
  MPI_Aint displacement(int target, std::size_t offset) const;
};

// window_epochs.cpp: what an epoch is opened and closed with, and what it does to memory of the rank's own.
void open_epoch(State& s, Window& w);
void advance_epoch(State& s, Window& w);  // all that was begun has happened, and the epoch goes on
void close_epoch(State& s, Window& w);
void count_under_lock(State& s, Window& w);  // an epoch of each member, many times

// window_operations.cpp
void draw_operations(State& s, Window& w);  // and begins those of this rank
void complete_requests(State& s, Window& w, bool some);
void finish_operations(State& s, Window& w);  // their epoch is over
// A piece of the target's part that nobody uses in this epoch yet; false if there is none.
bool reserve(State& s, Window& w, int target, std::size_t bytes, std::size_t* offset);

}  // namespace cairn::random_program
