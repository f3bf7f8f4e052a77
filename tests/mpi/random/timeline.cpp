// SPDX-License-Identifier: Apache-2.0
// Many messages of all kinds at once, without deadlock by construction: message j starts at position j at both ends
// and is completed at a later position of that end's own. Every rank walks the positions in order, so the end that
// stands at the smallest unfinished position always finds its partner's end started or about to be.
#include <algorithm>

#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

namespace {

std::vector<Message> draw(State& s) {
  std::vector<Message> messages;
  const int n = s.plan.between(3, 24);
  for (int j = 0; j < n; ++j) {
    Message m = draw_message(s);
    // Sometimes the envelope of an earlier message again: the two must not overtake each other.
    if (j > 0 && s.plan.chance(30)) {
      const Message& earlier = s.plan.pick(messages);
      if (earlier.from != earlier.to && m.from != m.to) {
        m.comm = earlier.comm;
        m.from = earlier.from;
        m.to = earlier.to;
        m.tag = earlier.tag;
      }
    }
    m.send_done = s.plan.between(j, n);
    m.recv_done = s.plan.between(j, n);
    messages.push_back(m);
  }
  return messages;
}

// A status query must not complete or lose anything.
void poke(State& s, std::vector<std::unique_ptr<End>>& ends) {
  if (ends.empty()) return;
  End& e = *ends[static_cast<std::size_t>(s.local.below(static_cast<int>(ends.size())))];
  if (e.request == MPI_REQUEST_NULL) return;
  int flag = 0;
  MPI_Status status{};
  must(MPI_Test(&e.request, &flag, &status));
  if (flag) e.verify(s, status);
}

// An end of which the other end is this rank's too waits until the very end: one thread cannot wait for itself.
bool due(const Message& m, bool receiving, int position) {
  return m.from != m.to && (receiving ? m.recv_done : m.send_done) == position;
}

}  // namespace

void step_timeline(State& s) {
  const auto messages = draw(s);
  std::size_t buffered = 0;
  for (const auto& m : messages) {
    s.ledger.planned(m.to, m.key, m.bytes);
    if (m.from == s.rank && is_buffered(m.send_how)) buffered += m.bytes + MPI_BSEND_OVERHEAD + 64;
  }
  BsendSpace space(buffered);
  std::vector<std::unique_ptr<End>> ends;
  for (int position = 0; position < static_cast<int>(messages.size()); ++position) {
    const Message& m = messages[static_cast<std::size_t>(position)];
    const bool posts_first = m.recv_how == RecvHow::kIrecv;
    if (m.to == s.rank && posts_first) ends.push_back(start_receive(s, m));
    if (m.from == s.rank) ends.push_back(start_send(s, m));
    if (m.to == s.rank && !posts_first) ends.push_back(start_receive(s, m));
    if (s.local.chance(30)) poke(s, ends);
    if (s.local.chance(10)) compute(0.0005 * s.options.slow);
    for (auto& e : ends) {
      if (due(e->message, e->receiving, position)) complete_one(s, *e);
    }
  }
  complete_all(s, ends);
}

}  // namespace cairn::random_program
