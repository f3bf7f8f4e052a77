// SPDX-License-Identifier: Apache-2.0
// Intercommunicators: made from two halves of a communicator, used at once for collectives and by later steps for
// messages, sometimes merged.
#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

namespace {

struct Halves {
  std::shared_ptr<Comm> inter = std::make_shared<Comm>();
  MPI_Comm half = MPI_COMM_NULL;
  int side = -1;  // of this rank: 0 members, 1 remote

  const std::vector<int>& own() const { return side == 0 ? inter->members : inter->remote; }
};

void connect(State& s, const Comm& from, Halves& h, int tag) {
  const int me = from.index(s.rank);
  if (me < 0) return;
  h.side = me < static_cast<int>(h.inter->members.size()) ? 0 : 1;
  must(MPI_Comm_split(from.handle, h.side, me, &h.half));
  const int leader = h.side == 0 ? static_cast<int>(h.inter->members.size()) : 0;
  must(MPI_Intercomm_create(h.half, 0, from.handle, leader, tag, &h.inter->handle));
  int flag = 0, remote = 0;
  must(MPI_Comm_test_inter(h.inter->handle, &flag));
  must(MPI_Comm_remote_size(h.inter->handle, &remote));
  const auto other = (h.side == 0 ? h.inter->remote : h.inter->members).size();
  require(flag == 1 && remote == static_cast<int>(other), "the intercommunicator has another remote size");
}

// Every group gets the sum over the other one.
void allreduce(State& s, const Halves& h, std::uint64_t key) {
  std::uint64_t sums[2] = {0, 0};
  for (int side = 0; side < 2; ++side) {
    for (const int w : side == 0 ? h.inter->members : h.inter->remote) {
      sums[side] += mix(key, static_cast<std::uint64_t>(w));
    }
  }
  for (const int w : h.inter->members) s.ledger.planned_result(w, key, &sums[1], 8);
  for (const int w : h.inter->remote) s.ledger.planned_result(w, key, &sums[0], 8);
  if (h.side < 0) return;
  std::uint64_t mine = mix(key, static_cast<std::uint64_t>(s.rank)), got = 0;
  must(MPI_Allreduce(&mine, &got, 1, MPI_UINT64_T, MPI_SUM, h.inter->handle));
  s.ledger.received_result(key, &got, &sums[1 - h.side], 8);
}

void bcast(State& s, const Halves& h, std::uint64_t key, int root_side, std::size_t bytes) {
  for (const int w : root_side == 0 ? h.inter->remote : h.inter->members) s.ledger.planned(w, key, bytes);
  if (h.side < 0) return;
  std::vector<unsigned char> data(bytes);
  const bool sends = h.side == root_side;
  if (sends) data = pattern(bytes, key);
  const int root = !sends ? 0 : s.rank == h.own()[0] ? MPI_ROOT : MPI_PROC_NULL;
  must(MPI_Bcast(data.data(), static_cast<int>(bytes), MPI_BYTE, root, h.inter->handle));
  if (!sends) s.ledger.received(key, data.data(), bytes);
}

void merge(State& s, const Halves& h, bool first_high) {
  auto merged = std::make_shared<Comm>();
  const auto& low = first_high ? h.inter->remote : h.inter->members;
  const auto& high = first_high ? h.inter->members : h.inter->remote;
  merged->members = low;
  merged->members.insert(merged->members.end(), high.begin(), high.end());
  merged->id = ++s.comm_ids;
  if (h.side >= 0) must(MPI_Intercomm_merge(h.inter->handle, (h.side == 0) == first_high, &merged->handle));
  s.comms.push_back(merged);
}

}  // namespace

void step_intercomm(State& s) {
  if (s.size < 2 || s.comms.size() >= 9) return;
  const Comm from = s.comm(2, false);
  if (from.size() < 2) return;
  Halves h;
  const int cut = s.plan.between(1, from.size() - 1);
  h.inter->members.assign(from.members.begin(), from.members.begin() + cut);
  h.inter->remote.assign(from.members.begin() + cut, from.members.end());
  h.inter->id = ++s.comm_ids;
  connect(s, from, h, s.tag());
  if (h.side >= 0) must(MPI_Barrier(h.inter->handle));
  allreduce(s, h, s.key());
  bcast(s, h, s.key(), s.plan.below(2), s.bytes() / 8);
  if (s.plan.chance(40)) merge(s, h, s.plan.chance(50));
  if (h.half != MPI_COMM_NULL) must(MPI_Comm_free(&h.half));
  s.comms.push_back(h.inter);
}

}  // namespace cairn::random_program
