// SPDX-License-Identifier: Apache-2.0
// Several threads inside MPI at once (--threads, which asks for MPI_THREAD_MULTIPLE): each has a duplicate of a
// communicator and runs rings and reductions there.
#include <thread>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

namespace {

struct Job {
  MPI_Comm comm;
  std::uint64_t key;
  int rounds;
  int rank, size;
};

// What a rank gets in one round: the word of its left neighbour plus the sum of everybody's.
std::uint64_t result(const Job& j, int rank, int round) {
  auto word = [&](int r) { return mix(j.key, static_cast<std::uint64_t>(round * 4096 + r)); };
  std::uint64_t sum = 0;
  for (int r = 0; r < j.size; ++r) sum += word(r);
  return word((rank + j.size - 1) % j.size) + sum;
}

void work(const Job& j, std::vector<std::uint64_t>* results) {
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = mix(j.key, static_cast<std::uint64_t>(round * 4096 + j.rank));
    std::uint64_t got = 0, sum = 0;
    must(MPI_Sendrecv(&mine, 1, MPI_UINT64_T, (j.rank + 1) % j.size, 7, &got, 1, MPI_UINT64_T,
                      (j.rank + j.size - 1) % j.size, 7, j.comm, MPI_STATUS_IGNORE));
    must(MPI_Allreduce(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, j.comm));
    results->push_back(got + sum);
  }
}

}  // namespace

void step_threads(State& s) {
  if (!s.options.threads) return;
  const Comm& c = s.comm(1, false);
  const int n = s.plan.between(2, 4);
  std::vector<Job> jobs;
  for (int t = 0; t < n; ++t) {
    jobs.push_back({MPI_COMM_NULL, s.key(), s.plan.between(1, 20), c.index(s.rank), c.size()});
    const Job& j = jobs.back();
    for (int m = 0; m < c.size(); ++m) {
      for (int round = 0; round < j.rounds; ++round) {
        const std::uint64_t want = result(j, m, round);
        s.ledger.planned_result(c.members[static_cast<std::size_t>(m)], j.key, &want, 8);
      }
    }
  }
  if (!s.mine(c)) return;
  std::vector<std::vector<std::uint64_t>> results(jobs.size());
  for (auto& j : jobs) must(MPI_Comm_dup(c.handle, &j.comm));
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < jobs.size(); ++t) threads.emplace_back(work, std::cref(jobs[t]), &results[t]);
  for (auto& t : threads) t.join();
  for (std::size_t t = 0; t < jobs.size(); ++t) {
    for (int round = 0; round < jobs[t].rounds; ++round) {
      const std::uint64_t want = result(jobs[t], jobs[t].rank, round);
      s.ledger.received_result(jobs[t].key, &results[t][static_cast<std::size_t>(round)], &want, 8);
    }
    must(MPI_Comm_free(&jobs[t].comm));
  }
}

}  // namespace cairn::random_program
