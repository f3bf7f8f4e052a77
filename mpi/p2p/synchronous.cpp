// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/synchronous.hpp"

#include <algorithm>
#include <list>
#include <unordered_map>

#include "mpi/crcp/letters.hpp"
#include "mpi/p2p/envelope.hpp"
#include "mpi/p2p/given_out.hpp"

namespace cairn::p2p {

bool synchronous_pending = false;

namespace {

// Of a synchronous send, for its sender; 0: none. Never given twice: a message may be received long after its request
// was freed and used again.
using Ticket = std::uint64_t;

// Asked of this rank in F3.
struct Question {
  crcp::CommState* state;
  std::int32_t source, tag, waiter;  // waiter: world rank
  std::uint64_t behind;
  Ticket ticket;
};

struct Acknowledgement {
  shim::RealRequest* real;
  Ticket ticket;
};

// Kept while a synchronous send with this envelope is pending.
struct Stream {
  std::uint64_t sent = 0;
  std::size_t pending = 0;
};

using ByTicket = std::unordered_map<Ticket, Request*>;

// Programs have thousands of them pending: no call may look at all of them.
struct Synchronous {
  std::vector<Request*> pending;  // in the library; each knows its place
  ByEnvelope<Stream> streams;     // of these
  ByTicket asked;                 // of these, told in F3
  ByTicket held;
  Ticket last_ticket = 0;
  std::vector<Question> questions;
  std::list<Acknowledgement> sending;
  std::vector<std::uint64_t> sent, taken, expected;  // messages of our own, by world rank
};
Synchronous& all() noexcept {
  static Synchronous* const the_sends = new Synchronous;
  return *the_sends;
}

Envelope envelope_of(const Request& r) noexcept { return {r.comm->crcp, r.peer, r.tag}; }

Request* find(const ByTicket& sends, Ticket ticket) noexcept {
  const auto found = sends.find(ticket);
  return found == sends.end() ? nullptr : found->second;
}

std::uint64_t& at(std::vector<std::uint64_t>& counts, std::size_t rank) noexcept {
  if (counts.size() <= rank) counts.resize(rank + 1);
  return counts[rank];
}

// Forgets the oldest ones that have gone out, `most` of them at the most.
void reap_acknowledgements(std::size_t most) noexcept {
  auto& sending = all().sending;
  for (auto a = sending.begin(); a != sending.end() && most != 0; --most) {
    int done = 0;
    cross([&]() noexcept { return shim::real.Test(&a->real, &done, MPI_STATUS_IGNORE); });
    a = done != 0 ? sending.erase(a) : std::next(a);
  }
}

}  // namespace

void synchronous_posted(Request& r) noexcept {
  if (r.peer < 0) return;
  Synchronous& s = all();
  Stream& stream = s.streams[envelope_of(r)];
  ++stream.pending;
  r.before = stream.sent;
  r.ticket = ++s.last_ticket;
  r.place = static_cast<std::uint32_t>(s.pending.size());
  s.pending.push_back(&r);
  synchronous_pending = true;
}

void synchronous_gone(Request& r) noexcept {
  Synchronous& s = all();
  if (r.state == State::held) s.held.erase(r.ticket);
  if (r.place >= s.pending.size() || s.pending[r.place] != &r) return;
  s.pending[r.place] = s.pending.back();
  s.pending[r.place]->place = r.place;
  s.pending.pop_back();
  synchronous_pending = !s.pending.empty();
  const auto stream = s.streams.find(envelope_of(r));
  if (--stream->second.pending == 0) s.streams.erase(stream);
}

void note_sent_behind(const crcp::CommState& state, int peer, int tag) noexcept {
  const auto stream = all().streams.find({&state, peer, tag});
  if (stream != all().streams.end()) ++stream->second.sent;
}

void add_synchronous(SentCounts& counts) {
  Synchronous& s = all();
  for (Request* r : std::vector<Request*>(s.pending)) poll(*r);
  s.asked.clear();
  for (Request* r : s.pending) {
    s.asked.emplace(r->ticket, r);
    const crcp::CommState& state = *r->comm->crcp;
    const std::uint64_t behind = s.streams[envelope_of(*r)].sent - r->before;
    counts.synchronous.push_back({state.peers[static_cast<std::size_t>(r->peer)], state.identity, r->peer, state.rank,
                                  r->tag, behind, r->ticket});
  }
  counts.acknowledgements = s.sent;
}

void forget_questions() noexcept { all().questions.clear(); }

void expect_acknowledgements(int world_rank, int sender, const SentCounts& counts) {
  Synchronous& s = all();
  for (const PendingSend& p : counts.synchronous) {
    if (p.to != world_rank) continue;
    if (crcp::CommState* state = crcp::find_state(p.identity, p.to_rank, sender))
      s.questions.push_back({state, p.source_rank, p.tag, sender, p.behind, p.ticket});
  }
  const auto self = static_cast<std::size_t>(world_rank);
  at(s.expected, static_cast<std::size_t>(sender)) =
      self < counts.acknowledgements.size() ? counts.acknowledgements[self] : 0;
}

std::uint64_t acknowledgements_missing() noexcept {
  Synchronous& s = all();
  take_acknowledgements();
  reap_acknowledgements(s.sending.size());
  std::uint64_t missing = s.sending.size();
  for (std::size_t rank = 0; rank < s.expected.size(); ++rank)
    missing += s.expected[rank] - std::min(s.expected[rank], at(s.taken, rank));
  return missing;
}

HeldSends hold_for_others() {
  ByEnvelope<std::unordered_map<std::uint64_t, const Question*>> asked;  // `peer` is the sender; by what came behind
  for (const Question& q : all().questions) asked[{q.state, q.source, q.tag}][q.behind] = &q;
  HeldSends held;
  const auto hold_if_asked = [&](const Envelope& envelope, std::uint64_t behind, crcp::QueuedMessage& m) {
    const auto about = asked.find(envelope);
    if (about == asked.end()) return;
    const auto q = about->second.find(behind);
    if (q == about->second.end()) return;
    m.waiter = q->second->waiter;
    m.ticket = q->second->ticket;
    held.sends.push_back({m.waiter, m.ticket});
  };
  ByEnvelope<std::uint64_t> queued;
  for (crcp::CommState* state : crcp::comm_states()) {
    for (auto m = state->queue.rbegin(); m != state->queue.rend(); ++m) {
      const Envelope envelope{state, m->source, m->tag};
      hold_if_asked(envelope, queued[envelope]++, *m);
    }
  }
  for_each_given_out([&](const Envelope& envelope, std::uint64_t behind, Message& m) {
    const auto later = queued.find(envelope);
    if (m.queued.ticket == 0) hold_if_asked(envelope, behind + (later == queued.end() ? 0 : later->second), m.queued);
  });
  return held;
}

void hold(int world_rank, const HeldSends& held) {
  Synchronous& s = all();
  for (const HeldSend& h : held.sends) {
    Request* r = h.waiter == world_rank ? find(s.asked, h.ticket) : nullptr;
    if (r == nullptr || r->state != State::complete) continue;
    r->state = State::held;
    s.held.emplace(h.ticket, r);
  }
}

void take_acknowledgements() noexcept {
  Synchronous& s = all();
  shim::RealComm* const channel = crcp::letters_channel();
  if (channel == nullptr) return;
  for (;;) {
    int flag = 0;
    MPI_Status status;
    Ticket ticket = 0;
    shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
    const int rc = cross([&]() noexcept {
      int code = shim::real.Iprobe(MPI_ANY_SOURCE, crcp::kAcknowledgementTag, channel, &flag, &status);
      if (code == MPI_SUCCESS && flag != 0)
        code =
            shim::real.Recv(&ticket, 1, type, status.MPI_SOURCE, crcp::kAcknowledgementTag, channel, MPI_STATUS_IGNORE);
      return code;
    });
    if (rc != MPI_SUCCESS || flag == 0) return;
    ++at(s.taken, static_cast<std::size_t>(status.MPI_SOURCE));
    if (Request* r = find(s.held, ticket)) {
      s.held.erase(ticket);
      r->state = State::complete;
    }
  }
}

void acknowledge(const crcp::QueuedMessage& message) noexcept {
  shim::RealComm* const channel = crcp::letters_channel();
  if (message.ticket == 0 || channel == nullptr) return;
  constexpr std::size_t kAtATime = 2;  // more than are added
  Synchronous& s = all();
  reap_acknowledgements(kAtATime);
  Acknowledgement& a = s.sending.emplace_back(Acknowledgement{nullptr, message.ticket});
  shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
  cross([&]() noexcept {
    return shim::real.Isend(&a.ticket, 1, type, message.waiter, crcp::kAcknowledgementTag, channel, &a.real);
  });
  ++at(s.sent, static_cast<std::size_t>(message.waiter));
}

}  // namespace cairn::p2p
