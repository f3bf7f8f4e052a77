// SPDX-License-Identifier: Apache-2.0
#include "tests/mpi/random/thread_work.hpp"

// The second needs the first.
// clang-format off
#include <mpi.h>
#include <mpi-ext.h>
// clang-format on

#include <thread>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

std::uint64_t Job::word(int r, int round) const { return mix(key, static_cast<std::uint64_t>(round * 4096 + r)); }

std::uint64_t Job::sum(int round) const {
  std::uint64_t all = 0;
  for (int r = 0; r < size; ++r) all += word(r, round);
  return all;
}

namespace {

using Results = std::vector<std::uint64_t>;

std::uint64_t of_left(const Job& j, int rank, int round) { return j.word(j.left(rank), round); }
std::uint64_t of_all(const Job& j, int /*rank*/, int round) { return j.sum(round); }
std::uint64_t of_left_and_all(const Job& j, int rank, int round) { return of_left(j, rank, round) + j.sum(round); }

void ring(const Job& j, Results* results) {
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = j.word(j.rank, round);
    std::uint64_t got = 0, sum = 0;
    must(MPI_Sendrecv(&mine, 1, MPI_UINT64_T, j.right(j.rank), 7, &got, 1, MPI_UINT64_T, j.left(j.rank), 7, j.comm,
                      MPI_STATUS_IGNORE));
    must(MPI_Allreduce(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, j.comm));
    results->push_back(got + sum);
  }
}

// From everybody to everybody, from wherever it comes first.
void messages(const Job& j, Results* results) {
  const auto n = static_cast<std::size_t>(j.size);
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = j.word(j.rank, round);
    Results got(n, 0);
    std::vector<MPI_Request> requests;
    for (auto& word : got)
      must(MPI_Irecv(&word, 1, MPI_UINT64_T, MPI_ANY_SOURCE, j.tag + round, j.comm, &requests.emplace_back()));
    for (int r = 0; r < j.size; ++r) {
      auto* const send = (r + round) % 3 == 0 ? MPI_Issend : MPI_Isend;
      must(send(&mine, 1, MPI_UINT64_T, r, j.tag + round, j.comm, &requests.emplace_back()));
    }
    const int all = static_cast<int>(requests.size());
    std::vector<int> which(requests.size());
    for (int done = 0, count = 0; done < all; done += count) {
      must(round % 2 == 0 ? MPI_Waitsome(all, requests.data(), &count, which.data(), MPI_STATUSES_IGNORE)
                          : MPI_Testsome(all, requests.data(), &count, which.data(), MPI_STATUSES_IGNORE));
    }
    std::uint64_t sum = 0;
    for (const auto word : got) sum += word;
    results->push_back(sum);
  }
}

void unwaited(const Job& j, Results* results) {
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = j.word(j.rank, round);
    Results all(static_cast<std::size_t>(j.size), 0);
    std::uint64_t sum = 0;
    MPI_Request requests[3];
    must(MPI_Iallreduce(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, j.comm, &requests[0]));
    must(MPI_Iallgather(&mine, 1, MPI_UINT64_T, all.data(), 1, MPI_UINT64_T, j.comm, &requests[1]));
    must(MPI_Ibarrier(j.comm, &requests[2]));
    int done = 0;
    while (round % 2 == 0 && !done) must(MPI_Testall(3, requests, &done, MPI_STATUSES_IGNORE));
    must(MPI_Waitall(3, requests, MPI_STATUSES_IGNORE));
    results->push_back(all[static_cast<std::size_t>(j.left(j.rank))] + sum);
  }
}

void persistent(const Job& j, Results* results) {
  std::uint64_t mine = 0, got = 0, sum = 0;
  MPI_Request requests[3];
  must(MPI_Send_init(&mine, 1, MPI_UINT64_T, j.right(j.rank), 5, j.comm, &requests[0]));
  must(MPI_Recv_init(&got, 1, MPI_UINT64_T, j.left(j.rank), 5, j.comm, &requests[1]));
  must(MPIX_Allreduce_init(&mine, &sum, 1, MPI_UINT64_T, MPI_SUM, j.comm, MPI_INFO_NULL, &requests[2]));
  for (int round = 0; round < j.rounds; ++round) {
    mine = j.word(j.rank, round);
    must(MPI_Startall(3, requests));
    must(MPI_Waitall(3, requests, MPI_STATUSES_IGNORE));
    results->push_back(got + sum);
  }
  for (auto& request : requests) must(MPI_Request_free(&request));
}

// Each puts its word into a place of its own at its right neighbour's.
void window(const Job& j, Results* results) {
  std::uint64_t* memory = nullptr;
  MPI_Win win = MPI_WIN_NULL;
  must(MPI_Win_allocate(8, 8, MPI_INFO_NULL, j.comm, &memory, &win));
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = j.word(j.rank, round);
    std::uint64_t got = 0;
    if (round % 2 == 0) {
      must(MPI_Win_fence(0, win));
      must(MPI_Put(&mine, 1, MPI_UINT64_T, j.right(j.rank), 0, 1, MPI_UINT64_T, win));
      must(MPI_Win_fence(0, win));
    } else {
      must(MPI_Barrier(j.comm));
      must(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, j.right(j.rank), 0, win));
      must(MPI_Accumulate(&mine, 1, MPI_UINT64_T, j.right(j.rank), 0, 1, MPI_UINT64_T, MPI_REPLACE, win));
      must(MPI_Win_unlock(j.right(j.rank), win));
      must(MPI_Barrier(j.comm));
    }
    must(MPI_Win_lock(MPI_LOCK_SHARED, j.rank, 0, win));
    must(MPI_Get(&got, 1, MPI_UINT64_T, j.rank, 0, 1, MPI_UINT64_T, win));
    must(MPI_Win_unlock(j.rank, win));
    results->push_back(got);
  }
  must(MPI_Win_free(&win));
}

void file(const Job& j, Results* results) {
  MPI_File handle = MPI_FILE_NULL;
  must(MPI_File_open(j.comm, j.path.c_str(), MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &handle));
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = j.word(j.rank, round);
    std::uint64_t got = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    const auto place = [&](int r) { return static_cast<MPI_Offset>(8 * (round * j.size + r)); };
    if (round % 2 == 0) {
      must(MPI_File_write_at_all(handle, place(j.rank), &mine, 1, MPI_UINT64_T, MPI_STATUS_IGNORE));
    } else {
      must(MPI_File_iwrite_at(handle, place(j.rank), &mine, 1, MPI_UINT64_T, &request));
      must(MPI_Wait(&request, MPI_STATUS_IGNORE));
    }
    must(MPI_File_sync(handle));
    must(MPI_Barrier(j.comm));
    must(MPI_File_sync(handle));
    must(MPI_File_read_at(handle, place(j.left(j.rank)), &got, 1, MPI_UINT64_T, MPI_STATUS_IGNORE));
    results->push_back(got);
  }
  must(MPI_File_close(&handle));
}

int no_query(void* /*extra*/, MPI_Status* status) {
  must(MPI_Status_set_elements(status, MPI_BYTE, 0));
  return MPI_Status_set_cancelled(status, 0);
}
int no_free(void* /*extra*/) { return MPI_SUCCESS; }
int no_cancel(void* /*extra*/, int /*complete*/) { return MPI_SUCCESS; }

// Completed by yet another thread, when it has received what the request is about.
void own_request(const Job& j, Results* results) {
  for (int round = 0; round < j.rounds; ++round) {
    const std::uint64_t mine = j.word(j.rank, round);
    std::uint64_t got = 0;
    MPI_Request requests[2];
    must(MPI_Grequest_start(no_query, no_free, no_cancel, nullptr, &requests[0]));
    std::thread receiver([&j, &got, round, request = requests[0]] {
      must(MPI_Recv(&got, 1, MPI_UINT64_T, j.left(j.rank), j.tag + round, j.comm, MPI_STATUS_IGNORE));
      must(MPI_Grequest_complete(request));
    });
    must(MPI_Isend(&mine, 1, MPI_UINT64_T, j.right(j.rank), j.tag + round, j.comm, &requests[1]));
    must(MPI_Waitall(2, requests, MPI_STATUSES_IGNORE));
    results->push_back(got);
    receiver.join();
  }
}

}  // namespace

const std::vector<Work>& works() {
  static const std::vector<Work> all = {
      {nullptr, Work::kOwn, ring, of_left_and_all},
      {nullptr, Work::kShares, messages, of_all},
      {"icollective", Work::kOwn, unwaited, of_left_and_all},
      {"persistent", Work::kOwn, persistent, of_left_and_all},
      {"window", Work::kOwn, window, of_left},
      // ROMIO holds one lock for all files while it waits for others.
      {"file", Work::kOnce, file, of_left},
      {"own-request", Work::kShares, own_request, of_left},
  };
  return all;
}

}  // namespace cairn::random_program
