// SPDX-License-Identifier: Apache-2.0
// What MPI calls cost, on two ranks or more: one line "NAME VALUE UNIT" for each measurement, from rank 0.
// An ordinary MPI program: cairn-bench runs it native and hosted, in turns, and compares.
//   mpi_costs [--scale F]      F < 1: fewer repetitions
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

double scale = 1.0;
int rank = 0, ranks = 0;

int repetitions(int n) { return std::max(10, static_cast<int>(n * scale)); }

// Nanoseconds of one call: the best of five rounds, since only a disturbance can make a round longer.
template <class Call>
double cost(int n, Call call) {
  double best = 1e30;
  for (int round = 0; round < 5; ++round) {
    const double begin = MPI_Wtime();
    for (int i = 0; i < n; ++i) call();
    best = std::min(best, (MPI_Wtime() - begin) / n);
  }
  return best * 1e9;
}

void say(const std::string& name, double value, const char* unit) {
  if (rank == 0) std::printf("%s %.2f %s\n", name.c_str(), value, unit);
}

void local_calls() {
  const int n = repetitions(200000);
  int value = 0, flag = 0;
  say("MPI_Comm_rank", cost(n, [&] { MPI_Comm_rank(MPI_COMM_WORLD, &value); }), "ns");
  say("MPI_Wtime", cost(n, [&] { MPI_Wtime(); }), "ns");
  MPI_Status status;
  say("MPI_Iprobe", cost(n, [&] { MPI_Iprobe(MPI_ANY_SOURCE, 99, MPI_COMM_WORLD, &flag, &status); }), "ns");
  char byte = 0;
  MPI_Request request;
  MPI_Irecv(&byte, 1, MPI_CHAR, rank, 98, MPI_COMM_WORLD, &request);
  say("MPI_Test", cost(n, [&] { MPI_Test(&request, &flag, &status); }), "ns");
  MPI_Send(&byte, 1, MPI_CHAR, rank, 98, MPI_COMM_WORLD);
  MPI_Wait(&request, &status);
  auto to_self = [&] {
    MPI_Irecv(&byte, 1, MPI_CHAR, rank, 97, MPI_COMM_WORLD, &request);
    MPI_Send(&byte, 1, MPI_CHAR, rank, 97, MPI_COMM_WORLD);
    MPI_Wait(&request, &status);
  };
  say("Irecv+Send+Wait_self", cost(repetitions(50000), to_self), "ns");
  double in[8] = {0}, out[8] = {0};
  say("MPI_Reduce_local", cost(n, [&] { MPI_Reduce_local(in, out, 8, MPI_DOUBLE, MPI_SUM); }), "ns");
}

void exchange(std::vector<char>& buffer, int bytes) {
  if (rank == 0) {
    MPI_Send(buffer.data(), bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
    MPI_Recv(buffer.data(), bytes, MPI_CHAR, 1, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    MPI_Recv(buffer.data(), bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Send(buffer.data(), bytes, MPI_CHAR, 0, 1, MPI_COMM_WORLD);
  }
}

// Half a round trip of the first two ranks.
void ping_pong() {
  std::vector<char> buffer(1 << 20, 1);
  for (const int bytes : {0, 8, 64, 512, 4096, 32768, 262144, 1 << 20}) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank > 1) continue;
    const int n = repetitions(bytes <= 4096 ? 20000 : bytes <= 32768 ? 5000 : 500);
    say("pingpong_" + std::to_string(bytes) + "B", cost(n, [&] { exchange(buffer, bytes); }) / 2, "ns");
  }
}

// Messages of 8 bytes, 64 in flight, one way.
void message_rate() {
  constexpr int kWindow = 64;
  std::vector<MPI_Request> requests(kWindow);
  std::vector<double> data(kWindow);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank > 1) return;
  auto window = [&] {
    for (int i = 0; i < kWindow; ++i) {
      auto* at = &data[static_cast<std::size_t>(i)];
      auto* request = &requests[static_cast<std::size_t>(i)];
      if (rank == 0) {
        MPI_Isend(at, 1, MPI_DOUBLE, 1, 2, MPI_COMM_WORLD, request);
      } else {
        MPI_Irecv(at, 1, MPI_DOUBLE, 0, 2, MPI_COMM_WORLD, request);
      }
    }
    MPI_Waitall(kWindow, requests.data(), MPI_STATUSES_IGNORE);
    char token = 0;
    if (rank == 0) {
      MPI_Recv(&token, 1, MPI_CHAR, 1, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
      MPI_Send(&token, 1, MPI_CHAR, 0, 3, MPI_COMM_WORLD);
    }
  };
  say("message_8B_window64", cost(repetitions(2000), window) / kWindow, "ns");
}

void collectives() {
  double in = 1, out = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  const int n = repetitions(20000);
  say("Allreduce_8B", cost(n, [&] { MPI_Allreduce(&in, &out, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD); }), "ns");
  say("Barrier", cost(n, [&] { MPI_Barrier(MPI_COMM_WORLD); }), "ns");
  say("Bcast_8B", cost(n, [&] { MPI_Bcast(&in, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD); }), "ns");
  MPI_Request request;
  auto immediate = [&] {
    MPI_Iallreduce(&in, &out, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  };
  say("Iallreduce_8B", cost(repetitions(5000), immediate), "ns");
}

// Post, start, complete, wait of the first two ranks, each exposed to the other, without an operation.
void exposed_epochs(MPI_Win win, const std::string& kind) {
  if (rank > 1) return;
  const int other = 1 - rank;
  MPI_Group world, partner;
  MPI_Comm_group(MPI_COMM_WORLD, &world);
  MPI_Group_incl(world, 1, &other, &partner);
  auto epoch = [&] {
    MPI_Win_post(partner, 0, win);
    MPI_Win_start(partner, 0, win);
    MPI_Win_complete(win);
    MPI_Win_wait(win);
  };
  say("post+start+complete+wait_" + kind, cost(repetitions(5000), epoch), "ns");
  MPI_Group_free(&partner);
  MPI_Group_free(&world);
}

// One-sided calls of rank 0 on rank 1, 8 bytes; fences of all.
void window_calls(MPI_Win win, const std::string& kind) {
  const int n = repetitions(5000);
  const double value = 1;
  double before = 0;
  MPI_Win_fence(0, win);
  say("fence_" + kind, cost(n, [&] { MPI_Win_fence(0, win); }), "ns");
  MPI_Win_fence(MPI_MODE_NOSUCCEED, win);
  exposed_epochs(win, kind);
  if (rank == 0) {
    auto lock = [&] {
      MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 1, 0, win);
      MPI_Win_unlock(1, win);
    };
    say("lock+unlock_" + kind, cost(n, lock), "ns");
    MPI_Win_lock_all(0, win);
    auto put = [&] {
      MPI_Put(&value, 1, MPI_DOUBLE, 1, 0, 1, MPI_DOUBLE, win);
      MPI_Win_flush(1, win);
    };
    say("put+flush_" + kind, cost(n, put), "ns");
    auto add = [&] {
      MPI_Fetch_and_op(&value, &before, MPI_DOUBLE, 1, 0, MPI_SUM, win);
      MPI_Win_flush(1, win);
    };
    say("fetch_and_op+flush_" + kind, cost(n, add), "ns");
    MPI_Win_unlock_all(win);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

void windows() {
  double own = 0, *memory = nullptr;
  MPI_Win win;
  // Not every transport of the library can have windows of the program's memory.
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (MPI_Win_create(&own, sizeof own, sizeof own, MPI_INFO_NULL, MPI_COMM_WORLD, &win) == MPI_SUCCESS) {
    window_calls(win, "create");
    MPI_Win_free(&win);
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ARE_FATAL);
  MPI_Win_allocate(sizeof own, sizeof own, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  *memory = 0;
  window_calls(win, "allocate");
  MPI_Win_free(&win);
  MPI_Win_allocate_shared(sizeof own, sizeof own, MPI_INFO_NULL, MPI_COMM_WORLD, &memory, &win);
  *memory = 0;
  window_calls(win, "shared");
  MPI_Win_free(&win);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--scale") == 0) scale = std::atof(argv[2]);
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  local_calls();
  if (ranks > 1) {
    ping_pong();
    message_rate();
  }
  collectives();
  if (ranks > 1) windows();
  MPI_Finalize();
  return 0;
}
