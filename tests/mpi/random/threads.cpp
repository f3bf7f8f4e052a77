// SPDX-License-Identifier: Apache-2.0
// Several threads inside MPI at once (--threads, which asks for MPI_THREAD_MULTIPLE): each has work of one kind
// (thread_work.cpp), on a duplicate of a communicator; those that only send and receive may share one.
#include <algorithm>
#include <thread>

#include "tests/mpi/random/state.hpp"
#include "tests/mpi/random/thread_work.hpp"

namespace cairn::random_program {

namespace {

constexpr int kMostRounds = 20;

const Work& draw_work(State& s, const std::vector<Job>& others) {
  std::vector<const Work*> possible;
  for (const Work& work : works()) {
    const auto same = [&](const Job& j) { return j.work == &work; };
    if (work.where == Work::kOnce && std::any_of(others.begin(), others.end(), same)) continue;
    if (work.needs == nullptr || is_chosen(s, work.needs)) possible.push_back(&work);
  }
  return *s.plan.pick(possible);
}

Job draw_job(State& s, const Comm& c, const std::vector<Job>& others) {
  const auto number = static_cast<int>(others.size());
  Job j;
  j.work = &draw_work(s, others);
  j.key = s.key();
  j.rounds = s.plan.between(1, kMostRounds);
  j.rank = c.index(s.rank);
  j.size = c.size();
  j.tag = (number + 1) * kMostRounds;
  j.path = s.options.directory + "/seed" + std::to_string(s.seed) + "-" + std::to_string(where.step) + "-thread" +
           std::to_string(number);
  for (int m = 0; m < c.size(); ++m) {
    for (int round = 0; round < j.rounds; ++round) {
      const std::uint64_t want = j.work->result(j, m, round);
      s.ledger.planned_result(c.members[static_cast<std::size_t>(m)], j.key, &want, 8);
    }
  }
  return j;
}

}  // namespace

void step_threads(State& s) {
  if (!s.options.threads) return;
  const Comm& c = s.comm(1, false);
  const int n = s.plan.between(2, 4);
  const bool share = s.plan.chance(50);
  std::vector<Job> jobs;
  for (int t = 0; t < n; ++t) jobs.push_back(draw_job(s, c, jobs));
  if (!s.mine(c)) return;
  std::vector<MPI_Comm> own(jobs.size());
  for (auto& comm : own) must(MPI_Comm_dup(c.handle, &comm));
  for (std::size_t t = 0; t < jobs.size(); ++t)
    jobs[t].comm = own[share && jobs[t].work->where == Work::kShares ? 0 : t];
  std::vector<std::vector<std::uint64_t>> results(jobs.size());
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < jobs.size(); ++t)
    threads.emplace_back(jobs[t].work->run, std::cref(jobs[t]), &results[t]);
  for (auto& t : threads) t.join();
  for (std::size_t t = 0; t < jobs.size(); ++t) {
    for (int round = 0; round < jobs[t].rounds; ++round) {
      const std::uint64_t want = jobs[t].work->result(jobs[t], jobs[t].rank, round);
      s.ledger.received_result(jobs[t].key, &results[t][static_cast<std::size_t>(round)], &want, 8);
    }
  }
  for (auto& comm : own) must(MPI_Comm_free(&comm));
}

}  // namespace cairn::random_program
