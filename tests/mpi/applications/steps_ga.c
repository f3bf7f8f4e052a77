// SPDX-License-Identifier: Apache-2.0
// Global Arrays: in each step every process adds to patches that straddle the others' parts, draws tickets from one
// counter, and reads a patch of somebody else's; the sums are known. Prints "step i" and PASS.
//
// steps_ga STEPS MICROSECONDS
#include <ga.h>
#include <macdecls.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 120 };

int main(int argc, char** argv) {
  int provided, one = 1, wrong = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_SINGLE, &provided);
  GA_Initialize();
  const int steps = atoi(argv[1]), pause = atoi(argv[2]), me = GA_Nodeid(), size = GA_Nnodes();
  MA_init(MT_DBL, 1000000, 1000000);
  int extent[2] = {SIDE, SIDE}, chunk[2] = {-1, -1};
  int sums = NGA_Create(C_DBL, 2, extent, "sums", chunk), tickets = NGA_Create(C_INT, 1, &one, "tickets", NULL);
  GA_Zero(sums);
  GA_Zero(tickets);
  long drawn = 0;
  static double patch[SIDE * SIDE];
  for (int step = 0; step < steps; ++step) {
    // Everybody adds (me + 1) to every cell, in two patches of a size that changes.
    int cut = 1 + (step * 37 + me * 11) % (SIDE - 1), width = SIDE;
    double unit = 1;
    for (int i = 0; i < SIDE * SIDE; ++i) patch[i] = me + 1;
    int low[2] = {0, 0}, high[2] = {cut - 1, SIDE - 1};
    NGA_Acc(sums, low, high, patch, &width, &unit);
    low[0] = cut;
    high[0] = SIDE - 1;
    NGA_Acc(sums, low, high, patch, &width, &unit);
    int first = 0;
    drawn += NGA_Read_inc(tickets, &first, 1);
    GA_Sync();
    const double want = (step + 1) * (size * (size + 1) / 2.0);
    int from[2] = {(step * 7 + me * 13) % (SIDE - 20), 5}, to[2] = {from[0] + 19, 24}, stride = 20;
    NGA_Get(sums, from, to, patch, &stride);
    for (int i = 0; i < 400; ++i) wrong += patch[i] != want;
    GA_Sync();
    if (me == 0) printf("step %d\n", step), fflush(stdout);
    usleep(pause);
  }
  // Every ticket was drawn once: the sum over all is that of 0 ... steps * size - 1.
  GA_Lgop(&drawn, 1, "+");
  const long count = (long)steps * size;
  wrong += drawn != count * (count - 1) / 2;
  GA_Igop(&wrong, 1, "+");
  if (me == 0) printf(wrong ? "FAIL %d wrong\n" : "PASS %d wrong\n", wrong);
  GA_Destroy(sums);
  GA_Destroy(tickets);
  GA_Terminate();
  MPI_Finalize();
  return wrong != 0;
}
