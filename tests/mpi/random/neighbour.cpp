// SPDX-License-Identifier: Apache-2.0
// Neighbourhood collectives on grids and graphs.
#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

namespace {

struct Exchange {
  const Comm& c;
  std::uint64_t key;
  std::size_t bytes;
  bool all_to_all;

  // Depends on the pair only: a grid of two may have the same neighbour on both sides.
  std::uint64_t chunk(int from, int to) const {
    return mix(key, static_cast<std::uint64_t>(from * 4096 + (all_to_all ? to : 0)));
  }
  const std::vector<int>& in(int m) const { return c.in[static_cast<std::size_t>(m)]; }
  const std::vector<int>& out(int m) const { return c.out[static_cast<std::size_t>(m)]; }

  std::vector<unsigned char> wanted(int m) const {
    std::vector<unsigned char> all;
    for (const int from : in(m)) {
      const auto part = from == MPI_PROC_NULL ? std::vector<unsigned char>(bytes, 0) : pattern(bytes, chunk(from, m));
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
  std::vector<unsigned char> sent(int m) const {
    if (!all_to_all) return pattern(bytes, chunk(m, 0));
    std::vector<unsigned char> all;
    for (const int to : out(m)) {
      const auto part = pattern(bytes, to == MPI_PROC_NULL ? 0 : chunk(m, to));
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
};

void run(State& s, const Exchange& x, bool immediate) {
  const int me = x.c.index(s.rank), n = static_cast<int>(x.bytes);
  auto send = x.sent(me);
  std::vector<unsigned char> receive(x.in(me).size() * x.bytes, 0);
  MPI_Request r = MPI_REQUEST_NULL;
  if (x.all_to_all) {
    must(immediate ? MPI_Ineighbor_alltoall(send.data(), n, MPI_BYTE, receive.data(), n, MPI_BYTE, x.c.handle, &r)
                   : MPI_Neighbor_alltoall(send.data(), n, MPI_BYTE, receive.data(), n, MPI_BYTE, x.c.handle));
  } else {
    must(immediate ? MPI_Ineighbor_allgather(send.data(), n, MPI_BYTE, receive.data(), n, MPI_BYTE, x.c.handle, &r)
                   : MPI_Neighbor_allgather(send.data(), n, MPI_BYTE, receive.data(), n, MPI_BYTE, x.c.handle));
  }
  if (immediate) must(MPI_Wait(&r, MPI_STATUS_IGNORE));
  const auto want = x.wanted(me);
  s.ledger.received_result(x.key, receive.data(), want.data(), want.size());
}

}  // namespace

void step_neighbour(State& s) {
  std::vector<std::size_t> fit;
  for (std::size_t i = 0; i < s.comms.size(); ++i) {
    if (!s.comms[i]->in.empty()) fit.push_back(i);
  }
  if (fit.empty()) return;
  const Comm& c = *s.comms[s.plan.pick(fit)];
  const Exchange x{c, s.key(), static_cast<std::size_t>(s.plan.below(3000)), s.plan.chance(50)};
  const bool immediate = s.plan.chance(40);
  for (int m = 0; m < c.size(); ++m) {
    const auto want = x.wanted(m);
    s.ledger.planned_result(c.members[static_cast<std::size_t>(m)], x.key, want.data(), want.size());
  }
  if (s.mine(c)) run(s, x, immediate);
}

}  // namespace cairn::random_program
