// SPDX-License-Identifier: Apache-2.0
// What one of several threads does with MPI (threads.cpp): rounds of one kind of calls, on a communicator that no other
// thread makes collective calls on. What each round gives every member is known beforehand.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::random_program {

struct Work;

struct Job {
  const Work* work = nullptr;
  MPI_Comm comm = MPI_COMM_NULL;  // messages: perhaps another thread's, too
  std::uint64_t key = 0;
  int rounds = 0;
  int rank = 0, size = 0;
  int tag = 0;       // messages: the first of `rounds`
  std::string path;  // files

  // What member r gives in a round, and everybody together.
  std::uint64_t word(int r, int round) const;
  std::uint64_t sum(int round) const;
  int left(int r) const { return (r + size - 1) % size; }
  int right(int r) const { return (r + 1) % size; }
};

struct Work {
  const char* needs;                    // a kind of step that must be chosen, too; null: none
  enum { kShares, kOwn, kOnce } where;  // the communicator with other threads; its own; and no other thread does so
  void (*run)(const Job& job, std::vector<std::uint64_t>* results);  // of the thread
  std::uint64_t (*result)(const Job& job, int rank, int round);
};
const std::vector<Work>& works();

}  // namespace cairn::random_program
