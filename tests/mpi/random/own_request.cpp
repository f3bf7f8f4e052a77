// SPDX-License-Identifier: Apache-2.0
// Generalized requests: each rank has some of its own, pending over many steps; completed by itself or by another
// thread, cancelled. Their functions are called as often as they must be.
#include <algorithm>
#include <thread>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

struct OwnRequest {
  MPI_Request request = MPI_REQUEST_NULL;
  int source = 0, tag = 0, bytes = 0;
  bool complete = false, cancelled = false;
  int queries = 0, frees = 0, cancels = 0;
};

namespace {

constexpr std::size_t kMost = 6;

int on_query(void* extra, MPI_Status* status) {
  auto& o = *static_cast<OwnRequest*>(extra);
  ++o.queries;
  status->MPI_SOURCE = o.source;
  status->MPI_TAG = o.tag;
  must(MPI_Status_set_elements(status, MPI_BYTE, o.bytes));
  must(MPI_Status_set_cancelled(status, o.cancelled ? 1 : 0));
  return MPI_SUCCESS;
}

int on_free(void* extra) {
  ++static_cast<OwnRequest*>(extra)->frees;
  return MPI_SUCCESS;
}

int on_cancel(void* extra, int complete) {
  auto& o = *static_cast<OwnRequest*>(extra);
  ++o.cancels;
  require((complete != 0) == o.complete, "a cancel function is told that its request is in another state");
  if (!complete) o.cancelled = true;
  return MPI_SUCCESS;
}

void begin(State& s) {
  auto o = std::make_shared<OwnRequest>();
  o->source = s.local.below(1000);
  o->tag = s.local.below(30000);
  o->bytes = s.local.below(1000000);
  must(MPI_Grequest_start(on_query, on_free, on_cancel, o.get(), &o->request));
  s.own_requests.push_back(o);
}

void complete(OwnRequest& o) {
  if (o.complete) return;
  o.complete = true;
  must(MPI_Grequest_complete(o.request));
}

void check(const OwnRequest& o, const MPI_Status& status) {
  int count = -1, cancelled = -1;
  must(MPI_Get_count(&status, MPI_BYTE, &count));
  must(MPI_Test_cancelled(&status, &cancelled));
  require(status.MPI_SOURCE == o.source && status.MPI_TAG == o.tag && count == o.bytes,
          "a generalized request has another status than its query function set");
  require((cancelled != 0) == o.cancelled, "a generalized request is cancelled, or it is not");
}

// Not complete: no way of asking may say so.
void ask(State& s, OwnRequest& o) {
  int flag = -1;
  MPI_Status status{};
  if (s.local.chance(50)) {
    must(MPI_Request_get_status(o.request, &flag, &status));
    if (flag) check(o, status);
  } else if (!o.complete) {
    must(MPI_Test(&o.request, &flag, &status));
  } else {
    return;
  }
  require((flag != 0) == o.complete, "a generalized request is said to be complete, or it is not");
}

void finish(State& s, std::size_t index) {
  OwnRequest& o = *s.own_requests[index];
  MPI_Status status{};
  std::thread other;
  if (s.options.threads && !o.complete) {
    o.complete = true;
    const MPI_Request request = o.request;
    other = std::thread([request] {
      compute(0.002);
      must(MPI_Grequest_complete(request));
    });
  } else {
    complete(o);
  }
  const int way = s.local.below(3);
  int which = -1, flag = 0;
  if (way == 0) must(MPI_Wait(&o.request, &status));
  if (way == 1) must(MPI_Waitany(1, &o.request, &which, &status));
  while (way == 2 && !flag) must(MPI_Testall(1, &o.request, &flag, &status));
  if (other.joinable()) other.join();
  check(o, status);
  require(o.request == MPI_REQUEST_NULL, "a generalized request is there when it has been waited for");
  require(o.frees == 1, "the free function of a generalized request was called " + std::to_string(o.frees) + " times");
  s.own_requests.erase(s.own_requests.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

// Nobody else has to do with it: what is drawn is this rank's.
void step_own_request(State& s) {
  if (s.own_requests.empty() || (s.own_requests.size() < kMost && s.local.chance(40))) {
    begin(s);
    return;
  }
  const auto index = static_cast<std::size_t>(s.local.below(static_cast<int>(s.own_requests.size())));
  OwnRequest& o = *s.own_requests[index];
  const int dice = s.local.below(100);
  if (dice < 30) {
    finish(s, index);
  } else if (dice < 50) {
    complete(o);
  } else if (dice < 60) {
    must(MPI_Cancel(&o.request));
  } else {
    ask(s, o);
  }
}

void finish_own_requests(State& s) {
  while (!s.own_requests.empty()) finish(s, s.own_requests.size() - 1);
}

}  // namespace cairn::random_program
