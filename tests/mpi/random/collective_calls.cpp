// SPDX-License-Identifier: Apache-2.0
// Arguments and calls of the collectives, blocking and not. Displacements leave gaps only in the lists the rank sends
// from, so that a receive buffer can be compared as a whole.
#include <cstring>
#include <numeric>

#include "tests/mpi/random/collective.hpp"

namespace cairn::random_program {

namespace {

std::vector<int> running_sum(const std::vector<int>& counts) {
  std::vector<int> at(counts.size(), 0);
  for (std::size_t i = 1; i < counts.size(); ++i) at[i] = at[i - 1] + counts[i - 1];
  return at;
}

int total(const std::vector<int>& counts) { return std::accumulate(counts.begin(), counts.end(), 0); }

void append(Bytes& to, int n, std::uint64_t key) {
  const auto chunk = pattern(static_cast<std::size_t>(n), key);
  to.insert(to.end(), chunk.begin(), chunk.end());
}

std::uint64_t chunk_key(const Collective& c, int from, int to) {
  return mix(c.key, static_cast<std::uint64_t>(from * 4096 + to));
}

bool is_all_to_all(Op op) { return op == Op::kAlltoall || op == Op::kAlltoallv || op == Op::kAlltoallw; }

void prepare_all_to_all(Collective& c) {
  for (int i = 0; i < c.n(); ++i) {
    c.counts.push_back(c.pair_size(c.me, i));
    c.out_counts.push_back(c.pair_size(i, c.me));
    append(c.send, c.counts.back(), chunk_key(c, c.me, i));
  }
  c.displacements = running_sum(c.counts);
  c.out_displacements = running_sum(c.out_counts);
  c.receive.assign(static_cast<std::size_t>(total(c.out_counts)), 0);
  // In place, what is received from i replaces what was sent to i: the sizes must be symmetric.
  c.in_place = c.in_place && c.op == Op::kAlltoall;
  if (c.in_place) c.receive = c.send;
}

void prepare_reduction(Collective& c) {
  const auto words = contribution(c, c.me);
  const auto* p = reinterpret_cast<const unsigned char*>(words.data());
  c.send.assign(p, p + words.size() * 8);
  c.counts = c.sizes;
  c.receive.assign(c.send.size(), 0);
  const bool allowed =
      c.op == Op::kAllreduce || c.op == Op::kScan || c.op == Op::kExscan || (c.op == Op::kReduce && c.me == c.root);
  c.in_place = c.in_place && allowed;
  if (c.in_place) c.receive = c.send;
}

void prepare_rooted(Collective& c) {
  const bool gathers = c.op != Op::kScatter && c.op != Op::kScatterv;
  const bool holds_all = c.me == c.root || c.op == Op::kAllgather || c.op == Op::kAllgatherv;
  c.counts = c.sizes;
  c.displacements = running_sum(c.counts);
  const auto own = static_cast<std::size_t>(c.size_of(c.me)), all = static_cast<std::size_t>(total(c.sizes));
  if (gathers) {
    append(c.send, c.size_of(c.me), chunk_key(c, c.me, 0));
    c.receive.assign(holds_all ? all : 0, 0);
    c.in_place = c.in_place && holds_all;
    const auto at = static_cast<std::size_t>(c.displacements[static_cast<std::size_t>(c.me)]);
    if (c.in_place && own > 0) std::memcpy(c.receive.data() + at, c.send.data(), own);
    return;
  }
  for (int i = 0; i < c.n() && c.me == c.root; ++i) append(c.send, c.size_of(i), chunk_key(c, c.root, i));
  c.receive.assign(own, 0);
  c.in_place = c.in_place && c.me == c.root;
  const auto at = static_cast<std::size_t>(c.displacements[static_cast<std::size_t>(c.me)]);
  if (c.in_place && own > 0) std::memcpy(c.receive.data(), c.send.data() + at, own);
}

struct Call {
  Collective& c;
  const void* in() const { return c.in_place ? MPI_IN_PLACE : c.send.data(); }
  void* out() const { return c.receive.data(); }
  MPI_Comm comm() const { return c.comm->handle; }
  int own() const { return c.size_of(c.me); }
  MPI_Op op() const { return c.passing->op(); }
  MPI_Datatype byte() const { return c.passing->byte(); }
};

int data_call(const Call& k) {
  Collective& c = k.c;
  const MPI_Datatype b = k.byte();
  void* out = c.in_place && (c.op == Op::kScatter || c.op == Op::kScatterv) ? MPI_IN_PLACE : k.out();
  const void* in = c.op == Op::kScatter || c.op == Op::kScatterv ? c.send.data() : k.in();
  const int* n = c.counts.data();
  const int* d = c.displacements.data();
  MPI_Request* r = &c.request;
  const bool i = c.immediate;
  switch (c.op) {
    case Op::kBarrier:
      return i ? MPI_Ibarrier(k.comm(), r) : MPI_Barrier(k.comm());
    case Op::kBcast:
      return i ? MPI_Ibcast(k.out(), k.own(), b, c.root, k.comm(), r)
               : MPI_Bcast(k.out(), k.own(), b, c.root, k.comm());
    case Op::kGather:
      return i ? MPI_Igather(in, k.own(), b, out, k.own(), b, c.root, k.comm(), r)
               : MPI_Gather(in, k.own(), b, out, k.own(), b, c.root, k.comm());
    case Op::kGatherv:
      return i ? MPI_Igatherv(in, k.own(), b, out, n, d, b, c.root, k.comm(), r)
               : MPI_Gatherv(in, k.own(), b, out, n, d, b, c.root, k.comm());
    case Op::kScatter:
      return i ? MPI_Iscatter(in, k.own(), b, out, k.own(), b, c.root, k.comm(), r)
               : MPI_Scatter(in, k.own(), b, out, k.own(), b, c.root, k.comm());
    case Op::kScatterv:
      return i ? MPI_Iscatterv(in, n, d, b, out, k.own(), b, c.root, k.comm(), r)
               : MPI_Scatterv(in, n, d, b, out, k.own(), b, c.root, k.comm());
    case Op::kAllgather:
      return i ? MPI_Iallgather(in, k.own(), b, out, k.own(), b, k.comm(), r)
               : MPI_Allgather(in, k.own(), b, out, k.own(), b, k.comm());
    default:
      return i ? MPI_Iallgatherv(in, k.own(), b, out, n, d, b, k.comm(), r)
               : MPI_Allgatherv(in, k.own(), b, out, n, d, b, k.comm());
  }
}

int all_to_all_call(const Call& k) {
  Collective& c = k.c;
  const MPI_Datatype b = k.byte();
  const int* n = c.counts.data();
  const int* d = c.displacements.data();
  const int* on = c.out_counts.data();
  const int* od = c.out_displacements.data();
  const MPI_Datatype* t = c.types.data();
  MPI_Request* r = &c.request;
  const bool i = c.immediate;
  if (c.op == Op::kAlltoall) {
    return i ? MPI_Ialltoall(k.in(), c.sizes[0], b, k.out(), c.sizes[0], b, k.comm(), r)
             : MPI_Alltoall(k.in(), c.sizes[0], b, k.out(), c.sizes[0], b, k.comm());
  }
  if (c.op == Op::kAlltoallv) {
    return i ? MPI_Ialltoallv(k.in(), n, d, b, k.out(), on, od, b, k.comm(), r)
             : MPI_Alltoallv(k.in(), n, d, b, k.out(), on, od, b, k.comm());
  }
  return i ? MPI_Ialltoallw(k.in(), n, d, t, k.out(), on, od, t, k.comm(), r)
           : MPI_Alltoallw(k.in(), n, d, t, k.out(), on, od, t, k.comm());
}

int reduction_call(const Call& k) {
  Collective& c = k.c;
  const MPI_Datatype e = c.passing->element();
  const int n = c.sizes[0];
  MPI_Request* r = &c.request;
  const bool i = c.immediate;
  switch (c.op) {
    case Op::kReduce:
      return i ? MPI_Ireduce(k.in(), k.out(), n, e, k.op(), c.root, k.comm(), r)
               : MPI_Reduce(k.in(), k.out(), n, e, k.op(), c.root, k.comm());
    case Op::kAllreduce:
      return i ? MPI_Iallreduce(k.in(), k.out(), n, e, k.op(), k.comm(), r)
               : MPI_Allreduce(k.in(), k.out(), n, e, k.op(), k.comm());
    case Op::kReduceScatter:
      return i ? MPI_Ireduce_scatter(k.in(), k.out(), c.counts.data(), e, k.op(), k.comm(), r)
               : MPI_Reduce_scatter(k.in(), k.out(), c.counts.data(), e, k.op(), k.comm());
    case Op::kReduceScatterBlock:
      return i ? MPI_Ireduce_scatter_block(k.in(), k.out(), n, e, k.op(), k.comm(), r)
               : MPI_Reduce_scatter_block(k.in(), k.out(), n, e, k.op(), k.comm());
    case Op::kScan:
      return i ? MPI_Iscan(k.in(), k.out(), n, e, k.op(), k.comm(), r)
               : MPI_Scan(k.in(), k.out(), n, e, k.op(), k.comm());
    default:
      return i ? MPI_Iexscan(k.in(), k.out(), n, e, k.op(), k.comm(), r)
               : MPI_Exscan(k.in(), k.out(), n, e, k.op(), k.comm());
  }
}

}  // namespace

const char* name_of(Op op) {
  static const char* const names[] = {"Barrier",   "Bcast",     "Gather",     "Gatherv",        "Scatter",
                                      "Scatterv",  "Allgather", "Allgatherv", "Alltoall",       "Alltoallv",
                                      "Alltoallw", "Reduce",    "Allreduce",  "Reduce_scatter", "Reduce_scatter_block",
                                      "Scan",      "Exscan"};
  return names[static_cast<int>(op)];
}

void prepare(Collective& c, int me) {
  c.me = me;
  if (c.op == Op::kBarrier) {
    c.in_place = false;
  } else if (c.op == Op::kBcast) {
    c.receive.assign(static_cast<std::size_t>(c.size_of(me)), 0);
    if (me == c.root) fill_pattern(c.receive.data(), c.receive.size(), chunk_key(c, c.root, 0));
  } else if (is_all_to_all(c.op)) {
    prepare_all_to_all(c);
  } else if (c.reduces()) {
    prepare_reduction(c);
  } else {
    prepare_rooted(c);
  }
}

void start(Collective& c) {
  c.passing = std::make_unique<Passing>(c.reducer);
  if (c.frees) c.passing->make_own(c.reducer);
  c.types.assign(static_cast<std::size_t>(c.n()), c.passing->byte());
  const Call k{c};
  const int rc = is_all_to_all(c.op) ? all_to_all_call(k) : c.reduces() ? reduction_call(k) : data_call(k);
  if (rc != MPI_SUCCESS) fail(std::string(c.immediate ? "I" : "") + name_of(c.op) + " returned " + std::to_string(rc));
  c.passing->free_own();
}

}  // namespace cairn::random_program
