// SPDX-License-Identifier: Apache-2.0
#include "tests/mpi/random/state.hpp"

#include <time.h>

#include <algorithm>
#include <cstring>

namespace cairn::random_program {

namespace {
constexpr unsigned char kUntouched = 0xEE;

double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

std::vector<int> find_nodes(int rank, int size) {
  MPI_Comm node = MPI_COMM_NULL;
  must(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node));
  int lowest = rank;
  must(MPI_Bcast(&lowest, 1, MPI_INT, 0, node));
  must(MPI_Comm_free(&node));
  std::vector<int> all(static_cast<std::size_t>(size));
  must(MPI_Allgather(&lowest, 1, MPI_INT, all.data(), 1, MPI_INT, MPI_COMM_WORLD));
  return all;
}
}  // namespace

int Comm::index(int world) const {
  for (const auto* group : {&members, &remote}) {
    const auto found = std::find(group->begin(), group->end(), world);
    if (found != group->end()) return static_cast<int>(found - group->begin());
  }
  return -1;
}

State::State(const Options& o, std::uint64_t s, int r, int n)
    : options(o),
      seed(s),
      rank(r),
      size(n),
      nodes(find_nodes(r, n)),
      plan(s),
      local(mix(s, static_cast<std::uint64_t>(r))),
      ledger(n) {
  auto world = std::make_shared<Comm>();
  world->handle = MPI_COMM_WORLD;
  world->fixed = true;
  for (int i = 0; i < n; ++i) world->members.push_back(i);
  comms.push_back(world);
}

State::~State() = default;

bool State::on_one_node(const std::vector<int>& members) const {
  const auto node = [this](int member) { return nodes[static_cast<std::size_t>(member)]; };
  return std::all_of(members.begin(), members.end(), [&](int m) { return node(m) == node(members.front()); });
}

std::size_t State::bytes() {
  static const std::vector<int> edges = {4096, 8192, 16384, 32768, 65536};
  const int dice = plan.below(100);
  std::size_t n = 0;
  if (dice < 25) {
    n = static_cast<std::size_t>(plan.below(17));
  } else if (dice < 55) {
    n = static_cast<std::size_t>(plan.below(1024));
  } else if (dice < 80) {  // around the eager limits
    n = static_cast<std::size_t>(plan.pick(edges) + plan.between(-80, 8));
  } else if (dice < 94) {
    n = static_cast<std::size_t>(plan.below(100000));
  } else if (dice < 99) {
    n = static_cast<std::size_t>(plan.below(600000));
  } else {
    n = static_cast<std::size_t>(plan.below(4 << 20));
  }
  return std::min(n, options.max_bytes);
}

Comm& State::comm(int least, bool allow_inter) {
  std::vector<std::size_t> fit;
  for (std::size_t i = 0; i < comms.size(); ++i) {
    const Comm& c = *comms[i];
    if (c.inter() ? allow_inter : c.size() >= least) fit.push_back(i);
  }
  return *comms[fit.empty() ? 0 : plan.pick(fit)];
}

Buffer::Buffer(std::shared_ptr<const Type> type, int count)
    : type_(std::move(type)),
      count_(count),
      memory_(static_cast<std::size_t>(count) * (type_ ? type_->extent : 1) + 16, kUntouched) {}

void Buffer::fill(std::uint64_t key) {
  const auto content = pattern(bytes(), key);
  if (!type_) {
    std::copy(content.begin(), content.end(), memory_.begin());
    return;
  }
  std::size_t from = 0;
  for (int i = 0; i < count_; ++i) {
    for (const auto& b : type_->blocks) {
      std::memcpy(memory_.data() + static_cast<std::size_t>(i) * type_->extent + b.offset, content.data() + from,
                  b.length);
      from += b.length;
    }
  }
}

std::vector<unsigned char> Buffer::gather(std::size_t n) const {
  std::vector<unsigned char> out;
  std::vector<unsigned char> rest = memory_;
  out.reserve(n);
  auto take = [&](std::size_t offset, std::size_t length) {
    length = std::min(length, n - out.size());
    out.insert(out.end(), memory_.begin() + static_cast<std::ptrdiff_t>(offset),
               memory_.begin() + static_cast<std::ptrdiff_t>(offset + length));
    std::memset(rest.data() + offset, kUntouched, length);
  };
  if (!type_) {
    take(0, n);
  } else {
    for (int i = 0; i < count_ && out.size() < n; ++i) {
      for (const auto& b : type_->blocks) take(static_cast<std::size_t>(i) * type_->extent + b.offset, b.length);
    }
  }
  const bool clean = std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return c == kUntouched; });
  require(clean, "a receive wrote outside its datatype");
  return out;
}

void compute(double seconds) {
  const double end = now() + seconds;
  volatile double x = 1.0;
  while (now() < end) {
    for (int i = 0; i < 2000; ++i) x = x * 1.0000001 + 1e-9;
  }
}

// Everybody computes, or a few do (stragglers) while the others run into the next steps and wait there.
void step_pause(State& s) {
  const double scale = 0.001 * s.options.slow;
  const bool everybody = s.plan.chance(30);
  for (int r = 0; r < s.size; ++r) {
    const double length = s.plan.between(1, 20) * scale;
    const bool chosen = s.plan.chance(40);
    const bool sleeping = s.plan.chance(50);
    if (r != s.rank || (!everybody && !chosen)) continue;
    if (sleeping) {
      timespec t{static_cast<time_t>(length), static_cast<long>((length - static_cast<double>(time_t(length))) * 1e9)};
      while (nanosleep(&t, &t) != 0) continue;
    } else {
      compute(length);
    }
  }
}

}  // namespace cairn::random_program
