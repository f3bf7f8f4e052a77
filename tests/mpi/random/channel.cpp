// SPDX-License-Identifier: Apache-2.0
// Persistent requests that live over many steps: inactive, started, completed, started again.
#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

struct Channel {
  std::shared_ptr<Comm> comm;  // perhaps freed since
  Message message;
  std::size_t parts = 0;  // requests, each for a part of the message's room
  bool active = false;
  std::uint64_t round_key = 0;
  std::vector<Buffer> buffers;
  std::vector<MPI_Request> requests;

  int count(std::size_t part) const { return static_cast<int>(scramble(round_key + part) % (message.bytes + 1)); }
  std::uint64_t key(std::size_t part) const { return mix(round_key, part); }
};

namespace {

constexpr std::size_t kMostChannels = 4;

void init_request(const Channel& c, bool sends, Buffer& b, MPI_Request* out) {
  const Message& m = c.message;
  MPI_Comm handle = m.comm->handle;
  // A persistent send has a fixed length, so it always sends its whole buffer; the receive has room for it.
  const int n = b.count();
  if (!sends) {
    must(MPI_Recv_init(b.data(), n, MPI_BYTE, m.source(), m.tag, handle, out));
  } else if (m.send_how == SendHow::kSsend) {
    must(MPI_Ssend_init(b.data(), n, MPI_BYTE, m.destination(), m.tag, handle, out));
  } else {
    must(MPI_Send_init(b.data(), n, MPI_BYTE, m.destination(), m.tag, handle, out));
  }
}

void open_channel(State& s) {
  auto c = std::make_shared<Channel>();
  c->message = draw_message(s);
  c->message.bytes = std::min<std::size_t>(c->message.bytes, 100000);
  c->message.send_type = c->message.recv_type = nullptr;
  c->parts = static_cast<std::size_t>(s.plan.between(1, 4));
  for (const auto& p : s.comms) {
    if (p.get() == c->message.comm) c->comm = p;
  }
  ++c->comm->pending;
  const bool sends = s.rank == c->message.from, receives = s.rank == c->message.to;
  c->round_key = s.key();
  for (std::size_t i = 0; i < c->parts && (sends || receives); ++i) {
    for (int end = 0; end < 2; ++end) {
      if (end == 0 ? !receives : !sends) continue;
      c->buffers.emplace_back(nullptr, c->count(i));
      c->requests.push_back(MPI_REQUEST_NULL);
    }
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < c->parts && (sends || receives); ++i) {
    if (receives) init_request(*c, false, c->buffers[at], &c->requests[at]), ++at;
    if (sends) init_request(*c, true, c->buffers[at], &c->requests[at]), ++at;
  }
  s.channels.push_back(c);
}

// The lengths were fixed when the channel was opened; every round has its own contents.
std::uint64_t content(const Channel& c, std::uint64_t round, std::size_t part) { return mix(c.key(part), round); }

struct Round {
  bool start_one_by_one = false;
  std::uint64_t number = 0;
};

void start(State& s, Channel& c, const Round& round) {
  for (std::size_t i = 0; i < c.parts; ++i) {
    s.ledger.planned(c.message.to, content(c, round.number, i), static_cast<std::size_t>(c.count(i)));
  }
  c.active = true;
  c.message.key = round.number;
  const bool sends = s.rank == c.message.from, receives = s.rank == c.message.to;
  if (!sends && !receives) return;
  std::size_t at = 0;
  for (std::size_t i = 0; i < c.parts; ++i) {
    if (receives) ++at;
    if (sends) c.buffers[at++].fill(content(c, round.number, i));
  }
  if (round.start_one_by_one) {
    for (auto& r : c.requests) must(MPI_Start(&r));
  } else {
    must(MPI_Startall(static_cast<int>(c.requests.size()), c.requests.data()));
  }
}

void finish(State& s, Channel& c) {
  c.active = false;
  if (c.requests.empty()) return;
  std::vector<MPI_Status> statuses(c.requests.size());
  if (s.local.chance(50)) {
    must(MPI_Waitall(static_cast<int>(c.requests.size()), c.requests.data(), statuses.data()));
  } else {
    for (std::size_t i = 0; i < c.requests.size(); ++i) {
      int flag = 0;
      while (!flag) must(MPI_Test(&c.requests[i], &flag, &statuses[i]));
    }
  }
  const bool sends = s.rank == c.message.from, receives = s.rank == c.message.to;
  std::size_t at = 0;
  for (std::size_t i = 0; i < c.parts; ++i) {
    if (receives) {
      const auto n = static_cast<std::size_t>(c.count(i));
      check_status(statuses[at], c.message.source(), c.message.tag, n);
      const auto got = c.buffers[at++].gather(n);
      s.ledger.received(content(c, c.message.key, i), got.data(), got.size());
    }
    if (sends) ++at;
  }
  for (const auto r : c.requests) require(r != MPI_REQUEST_NULL, "a persistent request was reset by its completion");
}

void close_channel(State& s, std::size_t index) {
  const auto c = s.channels[index];
  if (c->active) finish(s, *c);
  for (auto& r : c->requests) must(MPI_Request_free(&r));
  --c->comm->pending;
  s.channels.erase(s.channels.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

void step_channel(State& s) {
  if (s.channels.empty() || (s.channels.size() < kMostChannels && s.plan.chance(30))) open_channel(s);
  const auto index = static_cast<std::size_t>(s.plan.below(static_cast<int>(s.channels.size())));
  Channel& c = *s.channels[index];
  if (c.active) finish(s, c);
  const int rounds = s.plan.between(0, 3);
  for (int i = 0; i < rounds; ++i) {
    start(s, c, {s.plan.chance(50), s.key()});
    finish(s, c);
  }
  const int after = s.plan.below(10);
  const Round last{s.plan.chance(50), s.key()};
  if (after < 6) {
    start(s, c, last);  // left active for later steps
  } else if (after < 8) {
    close_channel(s, index);
  }
}

void finish_channels(State& s) {
  while (!s.channels.empty()) close_channel(s, 0);
}

}  // namespace cairn::random_program
