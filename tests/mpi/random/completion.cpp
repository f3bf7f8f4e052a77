// SPDX-License-Identifier: Apache-2.0
// The ways to complete requests. Which one is used is the rank's own choice: the plan does not depend on it.
#include "tests/mpi/random/transfer.hpp"

namespace cairn::random_program {

namespace {

struct Pending {
  std::vector<End*> ends;
  std::vector<MPI_Request> requests;

  std::size_t left() const {
    std::size_t n = 0;
    for (const auto r : requests) n += r != MPI_REQUEST_NULL;
    return n;
  }
  void done(State& s, int index, const MPI_Status& status) {
    auto i = static_cast<std::size_t>(index);
    require(index >= 0 && i < ends.size(), "completion index " + std::to_string(index));
    require(requests[i] == MPI_REQUEST_NULL, "a completed request was not reset");
    ends[i]->request = MPI_REQUEST_NULL;
    ends[i]->verify(s, status);
  }
  int size() const { return static_cast<int>(requests.size()); }
};

void by_waitall(State& s, Pending& p) {
  std::vector<MPI_Status> statuses(p.requests.size());
  must(MPI_Waitall(p.size(), p.requests.data(), statuses.data()));
  for (int i = 0; i < p.size(); ++i) p.done(s, i, statuses[static_cast<std::size_t>(i)]);
}

void by_testall(State& s, Pending& p) {
  std::vector<MPI_Status> statuses(p.requests.size());
  int flag = 0;
  while (!flag) must(MPI_Testall(p.size(), p.requests.data(), &flag, statuses.data()));
  for (int i = 0; i < p.size(); ++i) p.done(s, i, statuses[static_cast<std::size_t>(i)]);
}

void by_waitany(State& s, Pending& p) {
  while (p.left() > 0) {
    int index = -1;
    MPI_Status status{};
    must(MPI_Waitany(p.size(), p.requests.data(), &index, &status));
    p.done(s, index, status);
  }
  int index = 0;
  must(MPI_Waitany(p.size(), p.requests.data(), &index, MPI_STATUS_IGNORE));
  require(index == MPI_UNDEFINED, "MPI_Waitany on null requests gave index " + std::to_string(index));
}

void by_testany(State& s, Pending& p) {
  while (p.left() > 0) {
    int index = -1, flag = 0;
    MPI_Status status{};
    must(MPI_Testany(p.size(), p.requests.data(), &index, &flag, &status));
    if (flag) p.done(s, index, status);
  }
}

void by_some(State& s, Pending& p, bool wait) {
  std::vector<MPI_Status> statuses(p.requests.size());
  std::vector<int> indices(p.requests.size());
  while (p.left() > 0) {
    int n = 0;
    must(wait ? MPI_Waitsome(p.size(), p.requests.data(), &n, indices.data(), statuses.data())
              : MPI_Testsome(p.size(), p.requests.data(), &n, indices.data(), statuses.data()));
    for (int i = 0; i < n; ++i) p.done(s, indices[static_cast<std::size_t>(i)], statuses[static_cast<std::size_t>(i)]);
  }
}

void by_each(State& s, Pending& p) {
  for (int i = p.size() - 1; i >= 0; --i) {
    auto& request = p.requests[static_cast<std::size_t>(i)];
    int flag = 0;
    MPI_Status status{};
    must(MPI_Request_get_status(request, &flag, &status));
    must(MPI_Wait(&request, &status));
    p.done(s, i, status);
  }
}

}  // namespace

void complete_one(State& s, End& end) {
  if (end.request == MPI_REQUEST_NULL) return;
  MPI_Status status{};
  if (s.local.chance(50)) {
    must(MPI_Wait(&end.request, &status));
  } else {
    int flag = 0;
    while (!flag) must(MPI_Test(&end.request, &flag, &status));
  }
  require(end.request == MPI_REQUEST_NULL, "a completed request was not reset");
  end.verify(s, status);
}

void complete_all(State& s, std::vector<std::unique_ptr<End>>& ends) {
  Pending p;
  for (auto& e : ends) {
    if (e->request == MPI_REQUEST_NULL) continue;
    p.ends.push_back(e.get());
    p.requests.push_back(e->request);
  }
  if (p.requests.empty()) return;
  switch (s.local.below(7)) {
    case 0:
      by_waitall(s, p);
      break;
    case 1:
      by_testall(s, p);
      break;
    case 2:
      by_waitany(s, p);
      break;
    case 3:
      by_testany(s, p);
      break;
    case 4:
      by_some(s, p, true);
      break;
    case 5:
      by_some(s, p, false);
      break;
    default:
      by_each(s, p);
  }
}

}  // namespace cairn::random_program
