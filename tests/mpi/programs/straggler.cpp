// SPDX-License-Identifier: Apache-2.0
// One rank is late, in a chosen place, while all others wait for it in MPI.
//   straggler WHERE RANK SECONDS
// WHERE: init (before MPI_Init), compute or io (before a collective), sleep (as compute, in nanosleep),
// receive (the others wait in MPI_Recv for it, not in a collective), finalize (before MPI_Finalize),
// exit (after MPI_Finalize, before the end of the process).
// Rank RANK prints "late in WHERE" when it begins; after it, 20 rounds are verified; rank 0 prints "step i/20", PASS.
#include <mpi.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

double wall() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Monotonic time goes on across a restart or jumps; the loops count what they have done instead.
void burn(double seconds) {
  volatile double x = 1;
  const double begin = wall();
  long rounds = 0;
  while (wall() - begin < 0.05) {
    for (int i = 0; i < 10000; ++i) x = x * 1.0000001 + 1e-9;
    ++rounds;
  }
  const long all = static_cast<long>(static_cast<double>(rounds) * seconds / 0.05);
  for (long r = rounds; r < all; ++r) {
    for (int i = 0; i < 10000; ++i) x = x * 1.0000001 + 1e-9;
  }
}

void write_files(double seconds) {
  std::vector<char> block(1 << 20, 'x');
  const double begin = wall();
  while (wall() - begin < seconds) {
    std::FILE* f = std::tmpfile();
    for (int i = 0; i < 16; ++i) std::fwrite(block.data(), 1, block.size(), f);
    std::fflush(f);
    fsync(fileno(f));
    std::fclose(f);
  }
}

void nap(double seconds) {
  timespec left{static_cast<time_t>(seconds), 0};
  while (nanosleep(&left, &left) != 0) continue;
}

struct Late {
  std::string where;
  int rank;
  double seconds;

  void here(const std::string& place, int me) const {
    if (place != where || me != rank) return;
    std::printf("late in %s\n", where.c_str());
    std::fflush(stdout);
    if (where == "io") {
      write_files(seconds);
    } else if (where == "compute" || where == "receive") {
      burn(seconds);
    } else {
      nap(seconds);
    }
    std::printf("late no more\n");
    std::fflush(stdout);
  }
};

bool verified_rounds(int me, int ranks) {
  bool right = true;
  for (int i = 1; i <= 20; ++i) {
    int mine = me * 100 + i, sum = 0, left = -1;
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    right = right && sum == 100 * ranks * (ranks - 1) / 2 + i * ranks;
    MPI_Sendrecv(&mine, 1, MPI_INT, (me + 1) % ranks, 1, &left, 1, MPI_INT, (me + ranks - 1) % ranks, 1, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    right = right && left == (me + ranks - 1) % ranks * 100 + i;
    usleep(20'000);  // whoever asks again and again for a checkpoint is to find the program at work
    if (me == 0) {
      std::printf("step %d/20\n", i);
      std::fflush(stdout);
    }
  }
  return right;
}

void wait_for_it(const Late& late, int me, int ranks) {
  int token = 7;
  if (late.where != "receive") {
    MPI_Barrier(MPI_COMM_WORLD);
  } else if (me == late.rank) {
    for (int r = 0; r < ranks; ++r) {
      if (r != me) MPI_Send(&token, 1, MPI_INT, r, 3, MPI_COMM_WORLD);
    }
  } else {
    MPI_Recv(&token, 1, MPI_INT, late.rank, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: straggler init|compute|io|sleep|receive|finalize|exit RANK SECONDS\n");
    return 2;
  }
  const Late late{argv[1], std::atoi(argv[2]), std::atof(argv[3])};
  const char* launched_as = std::getenv("OMPI_COMM_WORLD_RANK");
  late.here("init", launched_as == nullptr ? 0 : std::atoi(launched_as));
  int me = 0, ranks = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &me);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  for (const char* place : {"compute", "io", "sleep", "receive"}) late.here(place, me);
  wait_for_it(late, me, ranks);
  const bool right = verified_rounds(me, ranks);
  if (me == 0) std::printf(right ? "PASS\n" : "FAIL\n");
  std::fflush(stdout);
  late.here("finalize", me);
  MPI_Finalize();
  late.here("exit", me);
  return right ? 0 : 1;
}
