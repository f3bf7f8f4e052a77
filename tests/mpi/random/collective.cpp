// SPDX-License-Identifier: Apache-2.0
#include "tests/mpi/random/collective.hpp"

#include <algorithm>
#include <cstring>

namespace cairn::random_program {

namespace {

constexpr std::size_t kMostInFlight = 5;

Bytes as_bytes(const std::vector<std::uint64_t>& words, std::size_t first_element, std::size_t elements) {
  const auto* p = reinterpret_cast<const unsigned char*>(words.data());
  return Bytes(p + 16 * first_element, p + 16 * (first_element + elements));
}

std::uint64_t chunk_key(const Collective& c, int from, int to) {
  return mix(c.key, static_cast<std::uint64_t>(from * 4096 + to));
}

void append(Bytes& to, std::size_t n, std::uint64_t key) {
  const auto chunk = pattern(n, key);
  to.insert(to.end(), chunk.begin(), chunk.end());
}

Bytes wanted_reduction(const Collective& c, int m) {
  const auto n = static_cast<std::size_t>(c.sizes[0]);
  std::size_t before = 0;
  switch (c.op) {
    case Op::kReduce:
      return m == c.root ? as_bytes(reduced(c, c.n() - 1), 0, n) : Bytes{};
    case Op::kAllreduce:
      return as_bytes(reduced(c, c.n() - 1), 0, n);
    case Op::kScan:
      return as_bytes(reduced(c, m), 0, n);
    case Op::kExscan:
      return m == 0 ? Bytes{} : as_bytes(reduced(c, m - 1), 0, n);
    case Op::kReduceScatterBlock:
      return as_bytes(reduced(c, c.n() - 1), static_cast<std::size_t>(m) * n, n);
    default:
      for (int i = 0; i < m; ++i) before += static_cast<std::size_t>(c.size_of(i));
      return as_bytes(reduced(c, c.n() - 1), before, static_cast<std::size_t>(c.size_of(m)));
  }
}

bool one_size(Op op) {
  return op == Op::kBcast || op == Op::kGather || op == Op::kScatter || op == Op::kAllgather || op == Op::kAlltoall;
}

std::shared_ptr<Comm> random_intracomm(State& s) {
  const Comm* c = &s.comm(1, false);
  for (const auto& p : s.comms) {
    if (p.get() == c) return p;
  }
  return s.comms[0];
}

}  // namespace

int Collective::pair_size(int from, int to) const {
  if (op == Op::kAlltoall) return sizes[0];
  return static_cast<int>(scramble(key + static_cast<std::uint64_t>(from * 64 + to)) %
                          static_cast<std::uint64_t>(sizes[0] + 1));
}

Bytes wanted(const Collective& c, int m) {
  Bytes all;
  const auto own = static_cast<std::size_t>(c.size_of(m));
  if (c.reduces()) return wanted_reduction(c, m);
  switch (c.op) {
    case Op::kBarrier:
      break;
    case Op::kBcast:
      append(all, own, chunk_key(c, c.root, 0));
      break;
    case Op::kScatter:
    case Op::kScatterv:
      append(all, own, chunk_key(c, c.root, m));
      break;
    case Op::kGather:
    case Op::kGatherv:
      if (m != c.root) break;
      [[fallthrough]];
    case Op::kAllgather:
    case Op::kAllgatherv:
      for (int i = 0; i < c.n(); ++i) append(all, static_cast<std::size_t>(c.size_of(i)), chunk_key(c, i, 0));
      break;
    default:
      for (int i = 0; i < c.n(); ++i) append(all, static_cast<std::size_t>(c.pair_size(i, m)), chunk_key(c, i, m));
  }
  return all;
}

std::shared_ptr<Collective> draw_collective(State& s, bool immediate) {
  auto c = std::make_shared<Collective>();
  c->comm = random_intracomm(s);
  c->op = static_cast<Op>(s.plan.below(static_cast<int>(Op::kCount)));
  // Open MPI 4.1 crashes in MPI_Ialltoallw on a communicator of one.
  if (c->op == Op::kAlltoallw && immediate && c->n() == 1) c->op = Op::kAlltoallv;
  c->reducer = static_cast<Reducer>(s.plan.below(static_cast<int>(Reducer::kCount)));
  c->immediate = immediate;
  c->in_place = s.plan.chance(25);
  c->frees = immediate && s.plan.chance(40);
  c->root = s.plan.below(c->n());
  c->key = s.key();
  const auto limit = static_cast<int>(std::min<std::size_t>(s.bytes(), 300000)) / (c->reduces() ? 16 : 1);
  for (int m = 0; m < c->n(); ++m) c->sizes.push_back(s.plan.chance(10) ? 0 : s.plan.below(limit + 1));
  if (one_size(c->op) || (c->reduces() && c->op != Op::kReduceScatter)) {
    std::fill(c->sizes.begin(), c->sizes.end(), c->sizes[0]);
  }
  for (int m = 0; m < c->n(); ++m) {
    const auto want = wanted(*c, m);
    s.ledger.planned_result(c->comm->members[static_cast<std::size_t>(m)], c->key, want.data(), want.size());
  }
  return c;
}

void finish(State& s, Collective& c) {
  if (c.request != MPI_REQUEST_NULL) {
    if (s.local.chance(50)) {
      must(MPI_Wait(&c.request, MPI_STATUS_IGNORE));
    } else {
      int flag = 0;
      while (!flag) must(MPI_Test(&c.request, &flag, MPI_STATUS_IGNORE));
    }
  }
  c.passing.reset();
  const auto want = wanted(c, c.me);
  require(c.receive.size() >= want.size(), "the receive buffer is too small");
  s.ledger.received_result(c.key, c.receive.data(), want.data(), want.size());
}

void step_collective(State& s) {
  const int rounds = s.plan.between(1, 8);
  for (int i = 0; i < rounds; ++i) {
    const auto c = draw_collective(s, false);
    if (!s.mine(*c->comm)) continue;
    prepare(*c, c->comm->index(s.rank));
    start(*c);
    finish(s, *c);
  }
}

void step_icollective(State& s) {
  if (s.collectives.size() >= kMostInFlight) {
    step_icollective_finish(s);
    return;
  }
  const auto c = draw_collective(s, true);
  ++c->comm->collectives;
  s.collectives.push_back(c);
  if (!s.mine(*c->comm)) return;
  prepare(*c, c->comm->index(s.rank));
  start(*c);
}

// Any of them may be finished first: order binds only the starts.
void step_icollective_finish(State& s) {
  if (s.collectives.empty()) return;
  const int index = s.plan.below(static_cast<int>(s.collectives.size()));
  const auto c = s.collectives[static_cast<std::size_t>(index)];
  s.collectives.erase(s.collectives.begin() + index);
  --c->comm->collectives;
  if (s.mine(*c->comm)) finish(s, *c);
}

void finish_collectives(State& s) {
  while (!s.collectives.empty()) step_icollective_finish(s);
}

}  // namespace cairn::random_program
