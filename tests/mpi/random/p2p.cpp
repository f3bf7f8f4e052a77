// SPDX-License-Identifier: Apache-2.0
// Point-to-point in its special cases: combined send and receive, truncation, cancelled receives, freed requests.
#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

namespace {

// A ring with a random stride over a communicator.
void shift(State& s, const Comm& c, int stride, std::size_t bytes, std::uint64_t key, int tag, bool replace) {
  const int n = c.size();
  for (int m = 0; m < n; ++m) {
    s.ledger.planned(c.members[static_cast<std::size_t>((m + stride) % n)], mix(key, static_cast<std::uint64_t>(m)),
                     bytes);
  }
  if (!s.mine(c)) return;
  const int me = c.index(s.rank), to = (me + stride) % n, from = (me + n - stride % n) % n;
  Buffer out(nullptr, static_cast<int>(bytes)), in(nullptr, static_cast<int>(bytes));
  out.fill(mix(key, static_cast<std::uint64_t>(me)));
  MPI_Status status{};
  if (replace) {
    must(MPI_Sendrecv_replace(out.data(), out.count(), MPI_BYTE, to, tag, from, tag, c.handle, &status));
  } else {
    must(MPI_Sendrecv(out.data(), out.count(), MPI_BYTE, to, tag, in.data(), in.count(), MPI_BYTE, from, tag, c.handle,
                      &status));
  }
  check_status(status, from, tag, bytes);
  const auto got = (replace ? out : in).gather(bytes);
  s.ledger.received(mix(key, static_cast<std::uint64_t>(from)), got.data(), got.size());
}

int error_class(int rc) {
  int c = MPI_SUCCESS;
  must(MPI_Error_class(rc, &c));
  return c;
}

void draw_pair(State& s, const Comm& c, int& from, int& to) {
  const int a = s.plan.below(c.size());
  const int b = (a + 1 + s.plan.below(c.size() - 1)) % c.size();
  from = c.members[static_cast<std::size_t>(a)];
  to = c.members[static_cast<std::size_t>(b)];
}

}  // namespace

void step_ring(State& s) {
  const Comm& c = s.comm(1, false);
  const int rounds = s.plan.between(1, 6);
  for (int i = 0; i < rounds; ++i) {
    const int stride = s.plan.below(c.size() + 1);
    const std::size_t bytes = s.bytes();
    shift(s, c, stride, bytes, s.key(), s.tag(), s.plan.chance(30));
  }
}

// A message longer than the receive: an error at the receiver, at this call and no other, and nothing after it breaks.
void step_truncate(State& s) {
  if (s.size < 2) return;
  const Comm& c = s.comm(2, false);
  int from = 0, to = 0;
  draw_pair(s, c, from, to);
  const int tag = s.tag(), sent = s.plan.between(100, 20000), room = s.plan.below(sent);
  const bool immediate = s.plan.chance(50), late = s.plan.chance(50);
  const std::uint64_t key = s.key();
  s.ledger.planned(to, key, 64);
  Buffer buffer(nullptr, sent), follower(nullptr, 64);
  if (s.rank == from) {
    buffer.fill(mix(key, 1));
    follower.fill(key);
    must(MPI_Send(buffer.data(), sent, MPI_BYTE, c.index(to), tag, c.handle));
    must(MPI_Send(follower.data(), 64, MPI_BYTE, c.index(to), tag, c.handle));
  }
  if (s.rank != to) return;
  if (late) compute(0.002 * s.options.slow);
  MPI_Status status{};
  int rc = MPI_SUCCESS;
  if (immediate) {
    MPI_Request request = MPI_REQUEST_NULL;
    must(MPI_Irecv(buffer.data(), room, MPI_BYTE, c.index(from), tag, c.handle, &request));
    rc = MPI_Wait(&request, &status);
  } else {
    rc = MPI_Recv(buffer.data(), room, MPI_BYTE, c.index(from), tag, c.handle, &status);
  }
  int got = -1;
  MPI_Get_count(&status, MPI_BYTE, &got);
  require(error_class(rc) == MPI_ERR_TRUNCATE,
          std::to_string(sent) + " bytes into " + std::to_string(room) + (immediate ? " (Irecv)" : " (Recv)") +
              " gave code " + std::to_string(rc) + ", " + std::to_string(got) + " bytes from rank " +
              std::to_string(status.MPI_SOURCE) + " with tag " + std::to_string(status.MPI_TAG) + " instead of rank " +
              std::to_string(c.index(from)) + " with tag " + std::to_string(tag));
  must(MPI_Recv(follower.data(), 64, MPI_BYTE, c.index(from), tag, c.handle, &status));
  s.ledger.received(key, follower.data(), 64);
}

// Receives nobody will ever match, cancelled at once or after messages with other tags have come and gone.
void step_cancel(State& s) {
  const Comm& c = s.comm(1, false);
  const int n = s.plan.between(1, 5), unused = s.tag();
  const bool any = s.plan.chance(50);
  const std::uint64_t key = s.key();
  const int ring_tag = s.tag();
  const std::size_t bytes = s.bytes();
  std::vector<MPI_Request> requests;
  Buffer nowhere(nullptr, 256);
  if (s.mine(c)) {
    for (int i = 0; i < n; ++i) {
      MPI_Request r = MPI_REQUEST_NULL;
      must(MPI_Irecv(nowhere.data(), 256, MPI_BYTE, any ? MPI_ANY_SOURCE : i % c.size(), unused, c.handle, &r));
      requests.push_back(r);
    }
  }
  shift(s, c, 1, bytes, key, ring_tag, false);
  for (auto& r : requests) {
    MPI_Status status{};
    int cancelled = 0;
    must(MPI_Cancel(&r));
    must(MPI_Wait(&r, &status));
    must(MPI_Test_cancelled(&status, &cancelled));
    require(cancelled != 0, "a receive that nothing can match was not cancelled");
  }
  nowhere.gather(0);  // nothing was written
}

// The sender forgets its request at once; an answer tells it when the buffer is free.
void step_request_free(State& s) {
  if (s.size < 2) return;
  const Comm& c = s.comm(2, false);
  int from = 0, to = 0;
  draw_pair(s, c, from, to);
  const int n = s.plan.between(1, 4), tag = s.tag(), answer = s.tag();
  std::vector<std::uint64_t> keys;
  std::vector<std::size_t> sizes;
  for (int i = 0; i < n; ++i) {
    keys.push_back(s.key());
    sizes.push_back(s.bytes());
    s.ledger.planned(to, keys.back(), sizes.back());
  }
  if (s.rank == from) {
    std::vector<Buffer> buffers;
    buffers.reserve(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Buffer& b = buffers.emplace_back(nullptr, static_cast<int>(sizes[i]));
      b.fill(keys[i]);
      MPI_Request r = MPI_REQUEST_NULL;
      must(MPI_Isend(b.data(), b.count(), MPI_BYTE, c.index(to), tag, c.handle, &r));
      must(MPI_Request_free(&r));
      require(r == MPI_REQUEST_NULL, "MPI_Request_free did not reset the request");
    }
    must(MPI_Recv(nullptr, 0, MPI_BYTE, c.index(to), answer, c.handle, MPI_STATUS_IGNORE));
  }
  if (s.rank == to) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      Buffer b(nullptr, static_cast<int>(sizes[i]));
      MPI_Status status{};
      must(MPI_Recv(b.data(), b.count(), MPI_BYTE, c.index(from), tag, c.handle, &status));
      check_status(status, c.index(from), tag, sizes[i]);
      s.ledger.received(keys[i], b.data(), sizes[i]);
    }
    must(MPI_Send(nullptr, 0, MPI_BYTE, c.index(from), answer, c.handle));
  }
}

}  // namespace cairn::random_program
