// SPDX-License-Identifier: Apache-2.0
// Persistent collectives (Open MPI's MPIX_): made, started again and again, inactive or active over many steps, freed.

// The second needs the first.
// clang-format off
#include <mpi.h>
#include <mpi-ext.h>
// clang-format on

#include <algorithm>

#include "tests/mpi/random/collective.hpp"

namespace cairn::random_program {

struct Persistent {
  std::shared_ptr<Collective> collective;
  bool active = false;
  Bytes send, receive;  // what the buffers have before each start
};

namespace {

constexpr std::size_t kMost = 5;

int init_data(Collective& c, const void* in, void* out) {
  const MPI_Datatype b = c.passing->byte();
  const int* n = c.counts.data();
  const int* d = c.displacements.data();
  const int own = c.size_of(c.me);
  const MPI_Comm comm = c.comm->handle;
  MPI_Request* r = &c.request;
  const bool scatters = c.op == Op::kScatter || c.op == Op::kScatterv;
  if (scatters && c.in_place) out = MPI_IN_PLACE;
  if (scatters) in = c.send.data();
  switch (c.op) {
    case Op::kBarrier:
      return MPIX_Barrier_init(comm, MPI_INFO_NULL, r);
    case Op::kBcast:
      return MPIX_Bcast_init(out, own, b, c.root, comm, MPI_INFO_NULL, r);
    case Op::kGather:
      return MPIX_Gather_init(in, own, b, out, own, b, c.root, comm, MPI_INFO_NULL, r);
    case Op::kGatherv:
      return MPIX_Gatherv_init(in, own, b, out, n, d, b, c.root, comm, MPI_INFO_NULL, r);
    case Op::kScatter:
      return MPIX_Scatter_init(in, own, b, out, own, b, c.root, comm, MPI_INFO_NULL, r);
    case Op::kScatterv:
      return MPIX_Scatterv_init(in, n, d, b, out, own, b, c.root, comm, MPI_INFO_NULL, r);
    case Op::kAllgather:
      return MPIX_Allgather_init(in, own, b, out, own, b, comm, MPI_INFO_NULL, r);
    default:
      return MPIX_Allgatherv_init(in, own, b, out, n, d, b, comm, MPI_INFO_NULL, r);
  }
}

int init_all_to_all(Collective& c, const void* in, void* out) {
  const MPI_Datatype b = c.passing->byte();
  const int *n = c.counts.data(), *d = c.displacements.data();
  const int *on = c.out_counts.data(), *od = c.out_displacements.data();
  const MPI_Datatype* t = c.types.data();
  const MPI_Comm comm = c.comm->handle;
  MPI_Request* r = &c.request;
  if (c.op == Op::kAlltoall) return MPIX_Alltoall_init(in, c.sizes[0], b, out, c.sizes[0], b, comm, MPI_INFO_NULL, r);
  if (c.op == Op::kAlltoallv) return MPIX_Alltoallv_init(in, n, d, b, out, on, od, b, comm, MPI_INFO_NULL, r);
  return MPIX_Alltoallw_init(in, n, d, t, out, on, od, t, comm, MPI_INFO_NULL, r);
}

int init_reduction(Collective& c, const void* in, void* out) {
  const MPI_Datatype e = c.passing->element();
  const MPI_Op op = c.passing->op();
  const int n = c.sizes[0];
  const MPI_Comm comm = c.comm->handle;
  MPI_Request* r = &c.request;
  switch (c.op) {
    case Op::kReduce:
      return MPIX_Reduce_init(in, out, n, e, op, c.root, comm, MPI_INFO_NULL, r);
    case Op::kAllreduce:
      return MPIX_Allreduce_init(in, out, n, e, op, comm, MPI_INFO_NULL, r);
    case Op::kReduceScatter:
      return MPIX_Reduce_scatter_init(in, out, c.counts.data(), e, op, comm, MPI_INFO_NULL, r);
    case Op::kReduceScatterBlock:
      return MPIX_Reduce_scatter_block_init(in, out, n, e, op, comm, MPI_INFO_NULL, r);
    case Op::kScan:
      return MPIX_Scan_init(in, out, n, e, op, comm, MPI_INFO_NULL, r);
    default:
      return MPIX_Exscan_init(in, out, n, e, op, comm, MPI_INFO_NULL, r);
  }
}

void init(Persistent& p) {
  Collective& c = *p.collective;
  c.passing = std::make_unique<Passing>(c.reducer);
  if (c.frees) c.passing->make_own(c.reducer);
  c.types.assign(static_cast<std::size_t>(c.n()), c.passing->byte());
  // The addresses of nothing must differ, too.
  c.send.reserve(1);
  c.receive.reserve(1);
  const void* in = c.in_place ? MPI_IN_PLACE : c.send.data();
  void* out = c.receive.data();
  const bool all_to_all = c.op == Op::kAlltoall || c.op == Op::kAlltoallv || c.op == Op::kAlltoallw;
  const int rc = all_to_all    ? init_all_to_all(c, in, out)
                 : c.reduces() ? init_reduction(c, in, out)
                               : init_data(c, in, out);
  if (rc != MPI_SUCCESS) fail(std::string(name_of(c.op)) + "_init returned " + std::to_string(rc));
  c.passing->free_own();
  p.send = c.send;
  p.receive = c.receive;
}

void create(State& s) {
  auto p = std::make_shared<Persistent>();
  p->collective = draw_collective(s, true);
  Collective& c = *p->collective;
  c.frees = false;  // Open MPI 4.1 crashes
  ++c.comm->collectives;
  s.persistents.push_back(p);
  if (s.mine(*c.comm)) {
    prepare(c, c.comm->index(s.rank));
    init(*p);
  }
}

void plan_result(State& s, const Collective& c) {
  for (int m = 0; m < c.n(); ++m) {
    const auto want = wanted(c, m);
    s.ledger.planned_result(c.comm->members[static_cast<std::size_t>(m)], c.key, want.data(), want.size());
  }
}

// draw_collective has planned the first result.
void start(State& s, Persistent& p, bool again) {
  Collective& c = *p.collective;
  if (again) plan_result(s, c);
  p.active = true;
  if (!s.mine(*c.comm)) return;
  std::copy(p.send.begin(), p.send.end(), c.send.begin());
  std::copy(p.receive.begin(), p.receive.end(), c.receive.begin());
  must(s.local.chance(50) ? MPI_Start(&c.request) : MPI_Startall(1, &c.request));
}

void complete(State& s, Persistent& p) {
  Collective& c = *p.collective;
  p.active = false;
  if (!s.mine(*c.comm)) return;
  int flag = 0;
  if (s.local.chance(50)) {
    must(MPI_Wait(&c.request, MPI_STATUS_IGNORE));
  } else {
    while (!flag) must(MPI_Test(&c.request, &flag, MPI_STATUS_IGNORE));
  }
  require(c.request != MPI_REQUEST_NULL, "a persistent request is gone when it has been completed");
  const auto want = wanted(c, c.me);
  s.ledger.received_result(c.key, c.receive.data(), want.data(), want.size());
}

void release(State& s, std::size_t index) {
  Persistent& p = *s.persistents[index];
  Collective& c = *p.collective;
  if (p.active) complete(s, p);
  --c.comm->collectives;
  if (s.mine(*c.comm)) must(MPI_Request_free(&c.request));
  s.persistents.erase(s.persistents.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

void step_persistent(State& s) {
  const int dice = s.plan.below(100);
  if (s.persistents.empty() || (s.persistents.size() < kMost && dice < 25)) {
    create(s);
    start(s, *s.persistents.back(), false);
    return;
  }
  const auto index = static_cast<std::size_t>(s.plan.below(static_cast<int>(s.persistents.size())));
  if (dice < 35) {
    release(s, index);
  } else if (s.persistents[index]->active) {
    complete(s, *s.persistents[index]);
  } else {
    start(s, *s.persistents[index], true);
  }
}

void finish_persistents(State& s) {
  while (!s.persistents.empty()) release(s, s.persistents.size() - 1);
}

}  // namespace cairn::random_program
