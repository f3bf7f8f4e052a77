// SPDX-License-Identifier: Apache-2.0
// Receives with MPI_ANY_SOURCE and MPI_ANY_TAG. Which message comes first is free; that the messages of one sender
// come in order, and that each comes once, is verified from the envelopes.
#include <map>

#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

namespace {

struct Flood {
  const Comm* comm = nullptr;
  std::uint64_t key = 0;
  int base_tag = 0;  // the i-th message of a sender has tag base_tag + i if any_tag, else base_tag
  bool any_tag = false;
  int each = 0;                // messages from every sender to every receiver
  std::size_t room = 0;        // of the largest message
  std::vector<int> receivers;  // communicator ranks

  std::uint64_t message(int from, int to, int i) const {
    return mix(key, static_cast<std::uint64_t>(from * 1000003 + to * 10007 + i));
  }
  std::size_t bytes(int from, int to, int i) const {
    return room == 0 ? 0 : static_cast<std::size_t>(scramble(message(from, to, i)) % (room + 1));
  }
  int tag(int i) const { return any_tag ? base_tag + i : base_tag; }
  int receive_tag() const { return any_tag ? MPI_ANY_TAG : base_tag; }
};

class Receiver {
 public:
  Receiver(State& s, const Flood& f, int me) : s_(s), f_(f), me_(me), left_(f.each * (f.comm->size() - 1)) {}

  void run() {
    while (left_ > 0) {
      const int way = s_.local.below(s_.options.no_mprobe ? 4 : 5);
      if (way == 0) {
        posted_ahead(std::min(left_, 1 + s_.local.below(8)));
      } else if (way == 1) {
        take(MPI_ANY_SOURCE, f_.receive_tag(), f_.room);
      } else if (way == 4) {
        matched_probe();
      } else {
        probe(way == 2);
      }
    }
  }

 private:
  void take(int source, int tag, std::size_t room) {
    Buffer b(nullptr, static_cast<int>(room));
    MPI_Status status{};
    must(MPI_Recv(b.data(), b.count(), MPI_BYTE, source, tag, f_.comm->handle, &status));
    arrived(b, status);
  }
  void probe(bool blocking) {
    MPI_Status status{};
    int flag = 0, count = 0;
    if (blocking) {
      must(MPI_Probe(MPI_ANY_SOURCE, f_.receive_tag(), f_.comm->handle, &status));
    } else {
      while (!flag) must(MPI_Iprobe(MPI_ANY_SOURCE, f_.receive_tag(), f_.comm->handle, &flag, &status));
    }
    must(MPI_Get_count(&status, MPI_BYTE, &count));
    take(status.MPI_SOURCE, status.MPI_TAG, static_cast<std::size_t>(count));
  }
  void matched_probe() {
    MPI_Status status{};
    MPI_Message message = MPI_MESSAGE_NULL;
    int count = 0;
    must(MPI_Mprobe(MPI_ANY_SOURCE, f_.receive_tag(), f_.comm->handle, &message, &status));
    must(MPI_Get_count(&status, MPI_BYTE, &count));
    if (s_.local.chance(30)) compute(0.0005 * s_.options.slow);
    Buffer b(nullptr, count);
    must(MPI_Mrecv(b.data(), count, MPI_BYTE, &message, &status));
    arrived(b, status);
  }
  // Several receives posted in advance: messages of one sender fill them in the order of posting.
  void posted_ahead(int n) {
    std::vector<Buffer> buffers(static_cast<std::size_t>(n), Buffer(nullptr, static_cast<int>(f_.room)));
    std::vector<MPI_Request> requests;
    for (auto& b : buffers) {
      MPI_Request r = MPI_REQUEST_NULL;
      must(MPI_Irecv(b.data(), b.count(), MPI_BYTE, MPI_ANY_SOURCE, f_.receive_tag(), f_.comm->handle, &r));
      requests.push_back(r);
    }
    std::vector<MPI_Status> statuses(requests.size());
    for (int done = 0; done < n; ++done) {
      int index = -1;
      MPI_Status status{};
      must(MPI_Waitany(n, requests.data(), &index, &status));
      require(index >= 0 && index < n, "MPI_Waitany gave index " + std::to_string(index));
      statuses[static_cast<std::size_t>(index)] = status;
    }
    for (std::size_t i = 0; i < buffers.size(); ++i) arrived(buffers[i], statuses[i]);
  }
  void arrived(const Buffer& b, const MPI_Status& status) {
    const int from = status.MPI_SOURCE;
    require(from >= 0 && from < f_.comm->size() && from != me_, "message from rank " + std::to_string(from));
    const int i = next_[from]++;
    require(i < f_.each, "one message too many from rank " + std::to_string(from));
    const std::size_t bytes = f_.bytes(from, me_, i);
    check_status(status, from, f_.tag(i), bytes);
    const auto got = b.gather(bytes);
    s_.ledger.received(f_.message(from, me_, i), got.data(), got.size());
    --left_;
  }

  State& s_;
  const Flood& f_;
  int me_;
  int left_;
  std::map<int, int> next_;
};

Flood draw(State& s) {
  Flood f;
  f.comm = &s.comm(2, false);
  f.key = s.key();
  f.each = s.plan.between(1, 12);
  f.base_tag = s.tag();
  for (int i = 0; i < f.each; ++i) s.tag();  // reserved
  f.room = s.plan.chance(70) ? static_cast<std::size_t>(s.plan.below(2000)) : s.bytes() / 4;
  f.any_tag = s.plan.chance(50) && f.comm->pending == 0;
  const bool everybody = s.plan.chance(40);
  const int one = s.plan.below(f.comm->size());
  for (int r = 0; r < f.comm->size(); ++r) {
    if (everybody || r == one) f.receivers.push_back(r);
  }
  return f;
}

void send_all(const Flood& f, int me, std::vector<Buffer>& buffers, std::vector<MPI_Request>& requests) {
  buffers.reserve(f.receivers.size() * static_cast<std::size_t>(f.each));
  for (int i = 0; i < f.each; ++i) {
    for (const int to : f.receivers) {
      if (to == me) continue;
      Buffer& b = buffers.emplace_back(nullptr, static_cast<int>(f.bytes(me, to, i)));
      b.fill(f.message(me, to, i));
      MPI_Request r = MPI_REQUEST_NULL;
      must(MPI_Isend(b.data(), b.count(), MPI_BYTE, to, f.tag(i), f.comm->handle, &r));
      requests.push_back(r);
    }
  }
}

}  // namespace

void step_wildcard(State& s) {
  const Flood f = draw(s);
  const Comm& c = *f.comm;
  for (const int to : f.receivers) {
    for (int from = 0; from < c.size(); ++from) {
      if (from == to) continue;
      for (int i = 0; i < f.each; ++i) {
        s.ledger.planned(c.members[static_cast<std::size_t>(to)], f.message(from, to, i), f.bytes(from, to, i));
      }
    }
  }
  if (!s.mine(c)) return;
  const int me = c.index(s.rank);
  // A receive of any tag must not see what anybody sends in a later step or sent in an earlier one.
  if (f.any_tag) must(MPI_Barrier(c.handle));
  std::vector<Buffer> buffers;
  std::vector<MPI_Request> requests;
  send_all(f, me, buffers, requests);
  for (const int to : f.receivers) {
    if (to == me) Receiver(s, f, me).run();
  }
  must(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE));
  if (f.any_tag) must(MPI_Barrier(c.handle));
}

}  // namespace cairn::random_program
