// SPDX-License-Identifier: Apache-2.0
#include "mpi/p2p/drain.hpp"

#include <algorithm>
#include <map>

#include "mpi/p2p/arriving.hpp"
#include "mpi/p2p/bsend.hpp"
#include "mpi/p2p/message.hpp"
#include "mpi/p2p/queue.hpp"
#include "mpi/p2p/synchronous.hpp"

namespace cairn::p2p {

namespace {

using crcp::CommState;

struct Drain {
  std::map<const CommState*, std::vector<std::uint64_t>> expected;
  std::uint64_t missing = 0;
  std::uint64_t acknowledgements = 0;
  std::uint64_t sends = 0;
};
Drain& drain() noexcept {
  static Drain* const the_drain = new Drain;
  return *the_drain;
}

// Probed and then received by source and tag, not by a matched probe: over mtl/ofi Open MPI 4.1 never tells the sender
// of a synchronous message that a matched probe's receive has taken it. Nobody else receives here, so it is the same
// message.
void take_arrivals(CommState& state) noexcept {
  shim::RealComm* const comm = shim::to_real(state.channel());
  for (;;) {
    int flag = 0;
    MPI_Status status;
    const int rc =
        cross([&]() noexcept { return shim::real.Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &flag, &status); });
    if (rc != MPI_SUCCESS || flag == 0) return;
    const std::size_t size = status._ucount;
    unsigned char* bytes = start_bytes(size, [&](void* to, auto count, auto type, auto* request) noexcept {
      return shim::real.Irecv(to, count, type, status.MPI_SOURCE, status.MPI_TAG, comm, request);
    });
    state.queue.push_back({status.MPI_SOURCE, status.MPI_TAG, size, bytes});
    crcp::count_received(state, status.MPI_SOURCE);
    crcp::attention_set(crcp::kQueued);
  }
}

void take_given_out_messages() noexcept {
  for (Message* m = first_message(); m != nullptr; m = m->next) {
    if (m->taken) continue;
    const std::size_t size = m->status._ucount;
    auto* message = static_cast<shim::RealMessage*>(m->real);
    unsigned char* bytes = start_bytes(size, [&](void* to, auto count, auto type, auto* request) noexcept {
      return shim::real.Imrecv(to, count, type, &message, request);
    });
    m->queued = {m->status.MPI_SOURCE, m->status.MPI_TAG, size, bytes};
    m->real = nullptr;
    m->taken = true;
  }
}

std::uint64_t count_missing() noexcept {
  std::uint64_t missing = 0;
  for (const auto& [state, counts] : drain().expected)
    for (std::size_t i = 0; i < counts.size(); ++i)
      missing += counts[i] > state->received[i] ? counts[i] - state->received[i] : 0;
  return missing;
}

// Receives that nothing matched, oldest first.
std::vector<Request*> receives_in(State state) {
  std::vector<Request*> found;
  for_each_request([&](Request& r) {
    if (r.what == What::receive && r.state == state) found.push_back(&r);
  });
  std::sort(found.begin(), found.end(), [](const Request* a, const Request* b) { return a->order < b->order; });
  return found;
}

}  // namespace

std::string drain_obstacle() {
  bool stray = false;
  for_each_request([&](const Request& r) {
    if (r.what == What::receive && r.state == State::active && shim::to_real(r.comm) == shim::real_objects.comm_null)
      stray = true;
  });
  return stray ? "a receive is pending on a communicator that was disconnected" : std::string();
}

void progress_library() noexcept {
  shim::RealComm* const comm = private_self();
  int flag = 0;
  cross([&]() noexcept { return shim::real.Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &flag, MPI_STATUS_IGNORE); });
}

SentCounts sent_counts() {
  SentCounts counts;
  for (const CommState* s : crcp::comm_states())
    for (std::size_t peer = 0; peer < s->sent.size(); ++peer)
      if (s->sent[peer] != 0)
        counts.sent.push_back({s->identity, s->peers[peer], static_cast<std::int32_t>(peer), s->rank, s->sent[peer]});
  add_synchronous(counts);
  return counts;
}

void expect_nothing() noexcept {
  drain().expected.clear();
  forget_questions();
}

std::string expect(int world_rank, int sender, const SentCounts& counts) {
  for (const SentCount& c : counts.sent) {
    if (c.to != world_rank) continue;
    CommState* state = crcp::find_state(c.identity, c.to_rank, sender);
    const auto source = static_cast<std::size_t>(c.source_rank);
    if ((state == nullptr || state->over) && crcp::was_forgotten(c.identity)) continue;
    if (state == nullptr || source >= state->peers.size())
      return "has no communicator for messages that rank " + std::to_string(sender) + " sent to it";
    auto& expected = drain().expected[state];
    expected.resize(state->peers.size());
    expected[source] = c.count;
    if (state->received[source] > c.count)
      return "has received more messages from rank " + std::to_string(sender) + " than were sent";
    if (state->channel() == nullptr && state->received[source] < c.count)
      return "freed a communicator on which rank " + std::to_string(sender) + "'s messages are under way";
  }
  expect_acknowledgements(world_rank, sender, counts);
  return {};
}

bool drain_step() noexcept {
  Drain& d = drain();
  progress_library();
  d.sends = 0;
  for_each_request([&](Request& r) {
    if (r.state != State::active && r.state != State::arriving) return;
    if (!poll(r) && r.what != What::receive) ++d.sends;
  });
  take_given_out_messages();
  d.missing = count_missing();
  d.acknowledgements = acknowledgements_missing();
  if (d.missing != 0)
    for (const auto& [state, counts] : d.expected)
      if (state->channel() != nullptr) take_arrivals(const_cast<CommState&>(*state));
  finish_arriving();
  return d.missing == 0 && d.acknowledgements == 0 && d.sends == 0 && all_arriving().empty();
}

std::string drain_text() {
  const Drain& d = drain();
  return std::to_string(d.missing + d.acknowledgements) + " messages not here yet, " + std::to_string(d.sends) +
         " operations and " + std::to_string(all_arriving().size()) + " transfers not complete";
}

// The newest first: if one cannot be taken back, those that the library still has are the oldest, and posting the
// others again keeps the order.
std::string park_receives() {
  const std::vector<Request*> active = receives_in(State::active);
  for (auto i = active.rbegin(); i != active.rend(); ++i) {
    Request& r = **i;
    auto* real = static_cast<shim::RealRequest*>(r.real);
    MPI_Status status;
    empty_status(status);
    int cancelled = 0;
    const int rc = cross([&]() noexcept {
      int code = shim::real.Cancel(&real);
      if (code == MPI_SUCCESS) code = shim::real.Wait(&real, &status);
      shim::real.Test_cancelled(&status, &cancelled);
      return code;
    });
    if (cancelled == 0) {
      finish(r, status, rc);
      return "has a receive that the MPI library does not give back (code " + std::to_string(rc) + ")";
    }
    r.real = nullptr;
    r.state = State::parked;
  }
  return {};
}

bool repost_receives() noexcept {
  for (Request* r : receives_in(State::parked))
    if (repost(*r) != MPI_SUCCESS) return false;
  return true;
}

}  // namespace cairn::p2p
