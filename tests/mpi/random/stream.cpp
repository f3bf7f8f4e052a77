// SPDX-License-Identifier: Apache-2.0
// Messages in flight over many steps: a stream is sent at once and read bit by bit, steps later, so that a checkpoint
// finds unexpected messages, posted receives and senders' requests of every age.
#include <algorithm>

#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

struct Stream {
  std::shared_ptr<Comm> comm;  // perhaps freed since
  std::vector<Message> messages;
  std::size_t read = 0;    // finished at the receiver
  std::size_t posted = 0;  // receives started, in order
  std::vector<std::unique_ptr<End>> sends;
  std::vector<std::unique_ptr<End>> receives;
};

namespace {

constexpr std::size_t kMostStreams = 6;

std::shared_ptr<Comm> owner(const State& s, const Comm* c) {
  for (const auto& p : s.comms) {
    if (p.get() == c) return p;
  }
  return s.comms[0];
}

// Reads up to message `until`. Receives already posted come first: they were posted first.
void read_until(State& s, Stream& st, std::size_t until, bool post_ahead) {
  until = std::min(until, st.messages.size());
  if (s.rank == st.messages[0].to) {
    for (; st.posted < until; ++st.posted) {
      Message m = st.messages[st.posted];
      m.recv_how = draw_receive(s.local, s.options);
      st.receives.push_back(start_receive(s, m));
    }
    complete_all(s, st.receives);
    st.receives.clear();
    for (std::size_t ahead = 0; post_ahead && ahead < 3 && st.posted < st.messages.size(); ++ahead, ++st.posted) {
      Message m = st.messages[st.posted];
      m.recv_how = RecvHow::kIrecv;
      st.receives.push_back(start_receive(s, m));
    }
  }
  st.read = until;
}

void close_stream(State& s, std::size_t index) {
  const auto st = s.streams[index];
  read_until(s, *st, st->messages.size(), false);
  complete_all(s, st->sends);
  --st->comm->pending;
  s.streams.erase(s.streams.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

void step_stream_open(State& s) {
  if (s.streams.size() >= kMostStreams) {
    close_stream(s, 0);
    return;
  }
  auto st = std::make_shared<Stream>();
  Message first = draw_message(s);
  const bool floods = s.plan.chance(40);
  const int n = floods ? s.plan.between(20, 120) : s.plan.between(1, 12);
  for (int i = 0; i < n; ++i) {
    Message m = first;
    m.key = s.key();
    m.bytes = floods ? static_cast<std::size_t>(s.plan.below(600)) : s.bytes();
    m.send_how = s.plan.chance(20) ? SendHow::kIssend : SendHow::kIsend;
    m.send_type = m.recv_type = nullptr;
    st->messages.push_back(m);
    s.ledger.planned(m.to, m.key, m.bytes);
  }
  st->comm = owner(s, first.comm);
  ++st->comm->pending;
  const bool ahead = s.plan.chance(50);
  if (s.rank == first.from) {
    for (const auto& m : st->messages) st->sends.push_back(start_send(s, m));
  }
  if (ahead) read_until(s, *st, 0, true);
  s.streams.push_back(st);
}

void step_stream_read(State& s) {
  if (s.streams.empty()) return;
  const auto index = static_cast<std::size_t>(s.plan.below(static_cast<int>(s.streams.size())));
  Stream& st = *s.streams[index];
  const int n = s.plan.between(1, 30);
  const bool ahead = s.plan.chance(50);
  if (st.read + static_cast<std::size_t>(n) >= st.messages.size()) {
    close_stream(s, index);
  } else {
    read_until(s, st, st.read + static_cast<std::size_t>(n), ahead);
  }
}

// What its streams still have to receive is posted: it can be freed.
void post_streams(State& s, const Comm& comm) {
  for (const auto& st : s.streams) {
    if (st->comm.get() != &comm || s.rank != st->messages[0].to) continue;
    for (; st->posted < st->messages.size(); ++st->posted) {
      Message m = st->messages[st->posted];
      m.recv_how = RecvHow::kIrecv;
      st->receives.push_back(start_receive(s, m));
    }
  }
}

void finish_streams(State& s) {
  while (!s.streams.empty()) close_stream(s, 0);
}

}  // namespace cairn::random_program
