// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/given_out.hpp"

namespace cairn::p2p {

bool any_given_out = false;

namespace {

Envelope envelope_of(const Message& m) noexcept { return {m.comm->crcp, m.status.MPI_SOURCE, m.status.MPI_TAG}; }

}  // namespace

ByEnvelope<GivenOut>& all_given_out() noexcept {
  static auto* const the_messages = new ByEnvelope<GivenOut>;
  return *the_messages;
}

void message_given_out(Message& m) noexcept {
  count_matched(*m.comm->crcp, m.status);
  GivenOut& given = all_given_out()[envelope_of(m)];
  m.order = next_order();
  m.matched_before = given.matched;
  given.messages.emplace(m.order, &m);
  any_given_out = true;
}

void message_not_given_out(const Message& m) noexcept {
  auto& all = all_given_out();
  const auto given = all.find(envelope_of(m));
  given->second.messages.erase(m.order);
  if (given->second.messages.empty()) all.erase(given);
  any_given_out = !all.empty();
}

void note_matched(const crcp::CommState& state, int source, int tag, std::uint64_t order) noexcept {
  const auto found = all_given_out().find({&state, source, tag});
  if (found == all_given_out().end()) return;
  GivenOut& given = found->second;
  ++given.matched;
  // A receive that is complete only now may have been matched before these were given out.
  for (auto m = given.messages.rbegin(); m != given.messages.rend() && m->first > order; ++m)
    ++m->second->matched_before;
}

}  // namespace cairn::p2p
