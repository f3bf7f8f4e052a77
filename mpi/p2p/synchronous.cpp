// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/synchronous.hpp"

#include <algorithm>
#include <list>

#include "mpi/crcp/group_door.hpp"
#include "mpi/crcp/lifecycle.hpp"

namespace cairn::p2p {

bool synchronous_pending = false;

namespace {

constexpr int kAcknowledgementTag = 32000;  // above those of the group door

using Ticket = std::uint64_t;  // the sender's request, for the sender only

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

struct Synchronous {
  std::vector<Request*> pending;  // in the library
  std::vector<Request*> asked;    // of these, told in F3
  std::vector<Request*> held;
  std::vector<Question> questions;
  std::list<Acknowledgement> sending;
  std::vector<std::uint64_t> sent, taken, expected;  // messages of our own, by world rank
};
Synchronous& all() noexcept {
  static Synchronous* const the_sends = new Synchronous;
  return *the_sends;
}

Ticket ticket_of(const Request* r) noexcept { return reinterpret_cast<Ticket>(r); }

bool remove(std::vector<Request*>& list, const Request* request) noexcept {
  const auto found = std::find(list.begin(), list.end(), request);
  if (found == list.end()) return false;
  list.erase(found);
  return true;
}

Request* find(const std::vector<Request*>& list, Ticket ticket) noexcept {
  const auto found = std::find_if(list.begin(), list.end(), [&](const Request* r) { return ticket_of(r) == ticket; });
  return found == list.end() ? nullptr : *found;
}

std::uint64_t& at(std::vector<std::uint64_t>& counts, std::size_t rank) noexcept {
  if (counts.size() <= rank) counts.resize(rank + 1);
  return counts[rank];
}

// The queued message that a question is about, or null if the application has received it.
crcp::QueuedMessage* queued_of(const Question& q) noexcept {
  auto& queue = q.state->queue;
  std::uint64_t behind = 0;
  for (auto m = queue.rbegin(); m != queue.rend(); ++m) {
    if (m->source != q.source || m->tag != q.tag) continue;
    if (behind++ == q.behind) return &*m;
  }
  return nullptr;
}

void reap_acknowledgements() noexcept {
  std::erase_if(all().sending, [](Acknowledgement& a) {
    int done = 0;
    cross([&]() noexcept { return shim::real.Test(&a.real, &done, MPI_STATUS_IGNORE); });
    return done != 0;
  });
}

}  // namespace

void synchronous_posted(Request& r) noexcept {
  if (r.peer < 0 || crcp::thread_level() == MPI_THREAD_MULTIPLE) return;
  r.behind = 0;
  all().pending.push_back(&r);
  synchronous_pending = true;
}

void synchronous_gone(Request& r) noexcept {
  Synchronous& s = all();
  if (remove(s.pending, &r)) synchronous_pending = !s.pending.empty();
  if (r.state == State::held) remove(s.held, &r);
}

void note_sent_behind(const crcp::CommState& state, int peer, int tag) noexcept {
  for (Request* r : all().pending)
    if (r->comm->crcp == &state && r->peer == peer && r->tag == tag) ++r->behind;
}

void add_synchronous(SentCounts& counts) {
  Synchronous& s = all();
  for (Request* r : std::vector<Request*>(s.pending)) poll(*r);
  s.asked = s.pending;
  for (const Request* r : s.asked) {
    const crcp::CommState& state = *r->comm->crcp;
    counts.synchronous.push_back({state.peers[static_cast<std::size_t>(r->peer)], state.identity, r->peer, state.rank,
                                  r->tag, r->behind, ticket_of(r)});
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
  reap_acknowledgements();
  std::uint64_t missing = s.sending.size();
  for (std::size_t rank = 0; rank < s.expected.size(); ++rank)
    missing += s.expected[rank] - std::min(s.expected[rank], at(s.taken, rank));
  return missing;
}

HeldSends hold_for_others() {
  HeldSends held;
  for (const Question& q : all().questions) {
    crcp::QueuedMessage* m = queued_of(q);
    if (m == nullptr) continue;
    m->waiter = q.waiter;
    m->ticket = q.ticket;
    held.sends.push_back({q.waiter, q.ticket});
  }
  return held;
}

void hold(int world_rank, const HeldSends& held) {
  Synchronous& s = all();
  for (const HeldSend& h : held.sends) {
    Request* r = h.waiter == world_rank ? find(s.asked, h.ticket) : nullptr;
    if (r == nullptr || r->state != State::complete) continue;
    r->state = State::held;
    s.held.push_back(r);
  }
}

void take_acknowledgements() noexcept {
  Synchronous& s = all();
  shim::RealComm* const channel = crcp::group_channel();
  if (channel == nullptr) return;
  for (;;) {
    int flag = 0;
    MPI_Status status;
    Ticket ticket = 0;
    shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
    const int rc = cross([&]() noexcept {
      int code = shim::real.Iprobe(MPI_ANY_SOURCE, kAcknowledgementTag, channel, &flag, &status);
      if (code == MPI_SUCCESS && flag != 0)
        code = shim::real.Recv(&ticket, 1, type, status.MPI_SOURCE, kAcknowledgementTag, channel, MPI_STATUS_IGNORE);
      return code;
    });
    if (rc != MPI_SUCCESS || flag == 0) return;
    ++at(s.taken, static_cast<std::size_t>(status.MPI_SOURCE));
    if (Request* r = find(s.held, ticket)) {
      remove(s.held, r);
      r->state = State::complete;
    }
  }
}

void acknowledge(const crcp::QueuedMessage& message) noexcept {
  shim::RealComm* const channel = crcp::group_channel();
  if (message.ticket == 0 || channel == nullptr) return;
  Synchronous& s = all();
  reap_acknowledgements();
  Acknowledgement& a = s.sending.emplace_back(Acknowledgement{nullptr, message.ticket});
  shim::RealDatatype* const type = shim::to_real(MPI_UINT64_T);
  cross([&]() noexcept {
    return shim::real.Isend(&a.ticket, 1, type, message.waiter, kAcknowledgementTag, channel, &a.real);
  });
  ++at(s.sent, static_cast<std::size_t>(message.waiter));
}

}  // namespace cairn::p2p
