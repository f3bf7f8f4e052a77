// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/known.hpp"

#include <algorithm>

#include "mpi/crcp/group_door.hpp"

namespace cairn::crcp {

namespace {

std::vector<KnownComm>& known() noexcept {
  static auto* const the_list = new std::vector<KnownComm>;
  return *the_list;
}

std::vector<std::uint64_t>& released() noexcept {
  static auto* const the_list = new std::vector<std::uint64_t>;
  return *the_list;
}

KnownComm* find(std::uint64_t identity) noexcept {
  for (KnownComm& k : known())
    if (k.identity == identity) return &k;
  return nullptr;
}

// Sorted ranks as runs of consecutive ones.
void write_members(Writer& out, const std::vector<std::int32_t>& ranks) {
  std::vector<std::pair<std::int32_t, std::uint32_t>> runs;
  for (const std::int32_t r : ranks) {
    if (!runs.empty() && r == runs.back().first + static_cast<std::int32_t>(runs.back().second))
      ++runs.back().second;
    else
      runs.emplace_back(r, 1U);
  }
  out.u32(static_cast<std::uint32_t>(runs.size()));
  for (const auto& [first, count] : runs) {
    out.u32(static_cast<std::uint32_t>(first));
    out.u32(count);
  }
}

bool read_members(Reader& in, std::vector<std::int32_t>& ranks) {
  constexpr std::uint32_t kMost = 1U << 24;
  const std::uint32_t runs = in.u32();
  for (std::uint32_t i = 0; i < runs && in.good(); ++i) {
    const auto first = static_cast<std::int32_t>(in.u32());
    const std::uint32_t count = in.u32();
    if (count > kMost || ranks.size() + count > kMost) return false;
    for (std::uint32_t j = 0; j < count; ++j) ranks.push_back(first + static_cast<std::int32_t>(j));
  }
  return in.good();
}

std::uint32_t shared_states() {
  return static_cast<std::uint32_t>(
      std::count_if(comm_states().begin(), comm_states().end(), [](const CommState* s) { return !s->alone; }));
}

const CommState* local_state(std::uint64_t identity) noexcept {
  for (const CommState* s : comm_states())
    if (!s->alone && s->identity == identity) return s;
  return nullptr;
}

}  // namespace

void known_reset() noexcept {
  known().clear();
  released().clear();
}

void write_entered(Writer& out) {
  out.u32(shared_states());
  for (const CommState* s : comm_states()) {
    if (s->alone) continue;
    out.u64(s->identity);
    out.u64(s->entered);
    write_members(out, s->members);
  }
}

bool read_entered(Reader& in) {
  const std::uint32_t n = in.u32();
  for (std::uint32_t i = 0; i < n && in.good(); ++i) {
    const std::uint64_t identity = in.u64();
    const std::uint64_t entered = in.u64();
    std::vector<std::int32_t> members;
    if (!read_members(in, members)) return false;
    KnownComm* k = find(identity);
    if (k == nullptr) {
      known().push_back({identity, std::move(members)});
      k = &known().back();
    }
    k->limit = std::max(k->limit, entered);
  }
  return in.good();
}

void write_positions(Writer& out) {
  out.u64(inside_group_call());
  out.u32(shared_states());
  for (const CommState* s : comm_states()) {
    if (s->alone) continue;
    out.u64(s->identity);
    out.u64(s->entered);
    out.u64(s->issued);
    write_members(out, s->members);
  }
}

bool read_positions(Reader& in) {
  if (const std::uint64_t group_call = in.u64(); group_call != 0) released().push_back(group_call);
  const std::uint32_t n = in.u32();
  for (std::uint32_t i = 0; i < n && in.good(); ++i) {
    const std::uint64_t identity = in.u64();
    const std::uint64_t entered = in.u64();
    const std::uint64_t issued = in.u64();
    std::vector<std::int32_t> members;
    if (!read_members(in, members)) return false;
    KnownComm* k = find(identity);
    if (k == nullptr) {  // made since F0
      known().push_back({identity, std::move(members)});
      k = &known().back();
    }
    k->limit2 = std::max(k->limit2, entered);
    k->top = std::max(k->top, issued);
  }
  return in.good();
}

void apply_limits(CommState& state) noexcept {
  const KnownComm* k = state.alone ? nullptr : find(state.identity);
  state.limit = k == nullptr ? 0 : k->limit;
  state.limit2 = k == nullptr ? 0 : k->limit2;
  state.top = k == nullptr ? 0 : k->top;
}

void apply_all() noexcept {
  for (CommState* s : comm_states()) apply_limits(*s);
}

bool is_released(std::uint64_t group_call) noexcept {
  return std::find(released().begin(), released().end(), group_call) != released().end();
}

bool is_level(std::int32_t world_rank, std::string& behind) {
  if (inside_group_call() != 0) {
    behind = "a communicator that is being made";
    return false;
  }
  for (const KnownComm& k : known()) {
    if (!std::binary_search(k.members.begin(), k.members.end(), world_rank)) continue;
    const CommState* s = local_state(k.identity);
    if (s != nullptr ? s->entered >= k.limit : (k.limit == 0 || was_forgotten(k.identity))) continue;
    behind = s == nullptr ? "a communicator that it does not have yet"
                          : (s->comm != nullptr && s->comm->name[0] != 0 ? std::string(s->comm->name)
                                                                         : std::string("a communicator")) +
                                ", " + std::to_string(s->entered) + " of " + std::to_string(k.limit);
    return false;
  }
  return true;
}

bool has_caught_up() noexcept {
  const std::uint64_t awaited = awaited_group_call();
  if (awaited != 0 && is_released(awaited)) return false;
  return std::all_of(comm_states().begin(), comm_states().end(),
                     [](const CommState* s) { return s->alone || s->comm == nullptr || s->entered >= s->limit2; });
}

}  // namespace cairn::crcp
