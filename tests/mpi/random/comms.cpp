// SPDX-License-Identifier: Apache-2.0
// Communicators come and go, overlapping each other, in every way MPI can make one.
#include <algorithm>
#include <string>
#include <string_view>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

namespace {

constexpr std::size_t kMostComms = 9;

using CommPtr = std::shared_ptr<Comm>;

CommPtr add(State& s, std::vector<int> members) {
  auto c = std::make_shared<Comm>();
  c->members = std::move(members);
  c->id = ++s.comm_ids;
  s.comms.push_back(c);
  return c;
}

// A random sub-list of c's members (communicator ranks), in random order, not empty.
std::vector<int> draw_ranks(State& s, const Comm& c) {
  std::vector<int> ranks;
  for (int i = 0; i < c.size(); ++i) {
    if (s.plan.chance(60)) ranks.push_back(i);
  }
  if (ranks.empty()) ranks.push_back(s.plan.below(c.size()));
  s.plan.shuffle(ranks);
  return ranks;
}

std::vector<int> world_ranks(const Comm& c, const std::vector<int>& ranks) {
  std::vector<int> world;
  for (const int r : ranks) world.push_back(c.members[static_cast<std::size_t>(r)]);
  return world;
}

void duplicate(State& s, const Comm& from) {
  const int way = s.plan.below(3);
  const bool collective_meanwhile = s.plan.chance(50);
  const auto c = add(s, from.members);
  if (s.mine(from)) {
    if (way == 0) {
      must(MPI_Comm_dup(from.handle, &c->handle));
    } else if (way == 1) {
      MPI_Request r = MPI_REQUEST_NULL;
      must(MPI_Comm_idup(from.handle, &c->handle, &r));
      if (collective_meanwhile) must(MPI_Barrier(from.handle));
      must(MPI_Wait(&r, MPI_STATUS_IGNORE));
    } else {
      MPI_Info info = MPI_INFO_NULL;
      must(MPI_Info_create(&info));
      must(MPI_Info_set(info, "cairn_test", "1"));
      must(MPI_Comm_dup_with_info(from.handle, info, &c->handle));
      must(MPI_Info_free(&info));
    }
  }
  c->in = from.in;
  c->out = from.out;
  copied_attribute(s, from, *c);
}

void split(State& s, const Comm& from) {
  const int colours = s.plan.between(1, 3);
  std::vector<int> colour, key;
  for (int i = 0; i < from.size(); ++i) {
    colour.push_back(s.plan.chance(10) ? MPI_UNDEFINED : s.plan.below(colours));
    key.push_back(s.plan.below(4));
  }
  MPI_Comm made = MPI_COMM_NULL;
  const int me = from.index(s.rank);
  if (me >= 0) {
    const auto i = static_cast<std::size_t>(me);
    must(MPI_Comm_split(from.handle, colour[i], key[i], &made));
  }
  for (int want = 0; want < colours; ++want) {
    std::vector<int> ranks;
    for (int i = 0; i < from.size(); ++i) {
      if (colour[static_cast<std::size_t>(i)] == want) ranks.push_back(i);
    }
    if (ranks.empty()) continue;
    std::stable_sort(ranks.begin(), ranks.end(),
                     [&](int a, int b) { return key[static_cast<std::size_t>(a)] < key[static_cast<std::size_t>(b)]; });
    const auto c = add(s, world_ranks(from, ranks));
    if (s.mine(*c)) c->handle = made;
  }
}

void by_group(State& s, const Comm& from) {
  const auto ranks = draw_ranks(s, from);
  const bool members_only = s.plan.chance(50);
  const int tag = s.tag();
  const auto c = add(s, world_ranks(from, ranks));
  if (!s.mine(members_only ? *c : from)) return;
  MPI_Group whole = MPI_GROUP_NULL, part = MPI_GROUP_NULL;
  must(MPI_Comm_group(from.handle, &whole));
  must(MPI_Group_incl(whole, static_cast<int>(ranks.size()), ranks.data(), &part));
  if (members_only) {
    must(MPI_Comm_create_group(from.handle, part, tag, &c->handle));
    drop_attribute(*c);
  } else {
    must(MPI_Comm_create(from.handle, part, &c->handle));
  }
  must(MPI_Group_free(&whole));
  must(MPI_Group_free(&part));
}

std::vector<int> coordinates(int rank, const std::vector<int>& dims) {
  std::vector<int> at(dims.size());
  for (std::size_t d = dims.size(); d-- > 0; rank /= dims[d]) at[d] = rank % dims[d];
  return at;
}

int neighbour(std::vector<int> at, const std::vector<int>& dims, const std::vector<int>& periodic, std::size_t d,
              int step) {
  at[d] += step;
  if (at[d] < 0 || at[d] >= dims[d]) {
    if (!periodic[d]) return MPI_PROC_NULL;
    at[d] = (at[d] + dims[d]) % dims[d];
  }
  int rank = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) rank = rank * dims[i] + at[i];
  return rank;
}

void grid(State& s, const Comm& from) {
  const int n = s.plan.between(1, 3);
  std::vector<int> dims(static_cast<std::size_t>(n), 0), periodic;
  must(MPI_Dims_create(from.size(), n, dims.data()));
  for (int d = 0; d < n; ++d) periodic.push_back(s.plan.below(2));
  const auto c = add(s, from.members);
  for (int m = 0; m < from.size(); ++m) {
    std::vector<int> around;
    for (std::size_t d = 0; d < dims.size(); ++d) {
      around.push_back(neighbour(coordinates(m, dims), dims, periodic, d, -1));
      around.push_back(neighbour(coordinates(m, dims), dims, periodic, d, +1));
    }
    c->in.push_back(around);
    c->out.push_back(around);
  }
  if (!s.mine(from)) return;
  must(MPI_Cart_create(from.handle, n, dims.data(), periodic.data(), 0, &c->handle));
  const int me = from.index(s.rank);
  for (std::size_t d = 0; d < dims.size(); ++d) {
    int low = -2, high = -2;
    must(MPI_Cart_shift(c->handle, static_cast<int>(d), 1, &low, &high));
    const auto& around = c->in[static_cast<std::size_t>(me)];
    require(low == around[2 * d] && high == around[2 * d + 1], "MPI_Cart_shift has other neighbours than the plan");
  }
}

void graph(State& s, const Comm& from) {
  const auto c = add(s, from.members);
  const auto n = static_cast<std::size_t>(from.size());
  c->in.resize(n);
  c->out.resize(n);
  for (std::size_t a = 0; a < n; ++a) {
    for (std::size_t b = 0; b < n; ++b) {
      if (!s.plan.chance(45)) continue;
      c->out[a].push_back(static_cast<int>(b));
      c->in[b].push_back(static_cast<int>(a));
    }
  }
  if (!s.mine(from)) return;
  const auto me = static_cast<std::size_t>(from.index(s.rank));
  must(MPI_Dist_graph_create_adjacent(from.handle, static_cast<int>(c->in[me].size()), c->in[me].data(), MPI_UNWEIGHTED,
                                      static_cast<int>(c->out[me].size()), c->out[me].data(), MPI_UNWEIGHTED,
                                      MPI_INFO_NULL, 0, &c->handle));
}

void check_comm(const State& s, const Comm& c) {
  if (!s.mine(c)) return;
  int rank = -1, size = -1;
  must(MPI_Comm_rank(c.handle, &rank));
  must(MPI_Comm_size(c.handle, &size));
  const bool local = std::find(c.members.begin(), c.members.end(), s.rank) != c.members.end();
  require(
      rank == c.index(s.rank) && size == static_cast<int>((local ? c.members : c.remote).size()),
      "communicator " + std::to_string(c.id) + " says rank " + std::to_string(rank) + " of " + std::to_string(size));
}

// Graphs are made for neighbourhood collectives: a run without these has none.
bool wants_graphs(const State& s) {
  for (std::size_t i = 0; i < kinds().size(); ++i) {
    if (std::string_view(kinds()[i].name) == "neighbour") return (s.options.kinds >> i & 1) != 0;
  }
  return false;
}

}  // namespace

void step_comm_create(State& s) {
  for (const auto& c : s.comms) check_comm(s, *c);
  if (s.comms.size() >= kMostComms) {
    step_comm_free(s);
    return;
  }
  const Comm from = s.comm(1, false);  // a copy: the list grows
  using Make = void (*)(State&, const Comm&);
  const std::vector<Make> ways = {duplicate, split, by_group, by_group, grid, wants_graphs(s) ? graph : duplicate};
  const auto before = s.comms.size();
  s.plan.pick(ways)(s, from);
  for (std::size_t i = before; i < s.comms.size(); ++i) check_comm(s, *s.comms[i]);
}

void free_comm(State& s, std::size_t index) {
  Comm& c = *s.comms[index];
  check_attribute(s, c);
  post_streams(s, c);
  if (s.mine(c)) must(MPI_Comm_free(&c.handle));
  s.comms.erase(s.comms.begin() + static_cast<std::ptrdiff_t>(index));
}

void step_comm_free(State& s) {
  std::vector<std::size_t> fit;
  for (std::size_t i = 0; i < s.comms.size(); ++i) {
    const bool crashes = s.options.no_early_free && s.comms[i]->collectives != 0;
    if (!s.comms[i]->fixed && !crashes) fit.push_back(i);
  }
  if (!fit.empty()) free_comm(s, s.plan.pick(fit));
}

void free_comms(State& s) {
  while (s.comms.size() > 1) free_comm(s, s.comms.size() - 1);
}

}  // namespace cairn::random_program
