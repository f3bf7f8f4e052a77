// SPDX-License-Identifier: Apache-2.0
// One collective operation: its arguments on this rank and what every member must get from it.
#pragma once

#include <memory>

#include "tests/mpi/random/passing.hpp"
#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

enum class Op {
  kBarrier,
  kBcast,
  kGather,
  kGatherv,
  kScatter,
  kScatterv,
  kAllgather,
  kAllgatherv,
  kAlltoall,
  kAlltoallv,
  kAlltoallw,
  kReduce,
  kAllreduce,
  kReduceScatter,
  kReduceScatterBlock,
  kScan,
  kExscan,
  kCount
};
const char* name_of(Op op);

// Reduction operators: two of MPI's, and two of the program's own (one of them not commutative).
enum class Reducer { kSum, kXor, kOwnMax, kAffine, kCount };

using Bytes = std::vector<unsigned char>;

struct Collective {
  std::shared_ptr<Comm> comm;
  Op op = Op::kBarrier;
  Reducer reducer = Reducer::kSum;
  bool immediate = false;
  bool in_place = false;
  bool frees = false;  // what it is given is freed when it has been started
  int root = 0;
  std::uint64_t key = 0;
  std::vector<int> sizes;  // per member, bytes or (reductions) elements; the first one where MPI wants one number

  // This rank's arguments; counts in bytes, or elements in reductions.
  int me = -1;
  Bytes send, receive;
  std::vector<int> counts, displacements, out_counts, out_displacements;
  std::unique_ptr<Passing> passing;
  std::vector<MPI_Datatype> types;
  MPI_Request request = MPI_REQUEST_NULL;

  int n() const { return comm->size(); }
  int size_of(int member) const { return sizes[static_cast<std::size_t>(member)]; }
  bool reduces() const { return op >= Op::kReduce; }
  // Bytes that member `from` gives to member `to` in an all-to-all.
  int pair_size(int from, int to) const;
};

std::shared_ptr<Collective> draw_collective(State& s, bool immediate);
// What member m finds in its receive buffer; empty if MPI writes nothing there.
Bytes wanted(const Collective& c, int m);
// Elements (pairs of 64-bit words) that member m contributes to a reduction, and the fold of members 0..last.
std::vector<std::uint64_t> contribution(const Collective& c, int m);
std::vector<std::uint64_t> reduced(const Collective& c, int last);

void prepare(Collective& c, int me);  // buffers and argument lists
void start(Collective& c);            // the call itself
void finish(State& s, Collective& c);

// The program's own operators and element type; made at first use, freed at the end.
MPI_Op op_handle(Reducer r);
MPI_Op make_operator(Reducer r);  // one more of the kind
MPI_Datatype element_type();
void free_operators();

}  // namespace cairn::random_program
