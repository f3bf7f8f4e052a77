// SPDX-License-Identifier: Apache-2.0
// One HDF5 file, open from the first step to the last and written by all ranks: in each step every rank writes its rows
// of a chunked dataset collectively, its own part of a contiguous one alone, and reads back what its neighbour wrote
// the step before. At the end the file is opened anew and every value is compared.
//
// steps_hdf5 FILE STEPS MICROSECONDS. Prints "step i" and PASS.
#include <hdf5.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROWS = 4, COLUMNS = 512 };

static int rank, size;

static void must(long long result, const char* what) {
  if (result >= 0) return;
  fprintf(stderr, "FAIL %s (rank %d)\n", what, rank);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static int value(int step, int owner, int at) { return step * 1000003 + owner * 1009 + at; }

static hid_t dataset(hid_t file, const char* name, int steps, int chunked) {
  hsize_t extent[3] = {steps, (hsize_t)size * ROWS, COLUMNS}, chunk[3] = {1, ROWS, COLUMNS};
  hid_t space = H5Screate_simple(3, extent, NULL), create = H5Pcreate(H5P_DATASET_CREATE);
  if (chunked) must(H5Pset_chunk(create, 3, chunk), "H5Pset_chunk");
  hid_t set = H5Dcreate2(file, name, H5T_NATIVE_INT, space, H5P_DEFAULT, create, H5P_DEFAULT);
  must(set, "H5Dcreate2");
  H5Pclose(create);
  H5Sclose(space);
  return set;
}

// The rows of `owner` in `step`, written or read.
static void rows(hid_t set, int step, int owner, hid_t transfer, int* cells, int write) {
  hsize_t start[3] = {step, (hsize_t)owner * ROWS, 0}, count[3] = {1, ROWS, COLUMNS}, flat = ROWS * COLUMNS;
  hid_t file = H5Dget_space(set), memory = H5Screate_simple(1, &flat, NULL);
  must(H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL), "H5Sselect_hyperslab");
  must(write ? H5Dwrite(set, H5T_NATIVE_INT, memory, file, transfer, cells)
             : H5Dread(set, H5T_NATIVE_INT, memory, file, transfer, cells),
       write ? "H5Dwrite" : "H5Dread");
  H5Sclose(memory);
  H5Sclose(file);
}

static void compare(const int* cells, int step, int owner) {
  for (int i = 0; i < ROWS * COLUMNS; ++i)
    if (cells[i] != value(step, owner, i)) {
      fprintf(stderr, "FAIL step %d, rows of %d, cell %d: %d\n", step, owner, i, cells[i]);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char* path = argv[1];
  const int steps = atoi(argv[2]), pause = atoi(argv[3]), next = (rank + 1) % size;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), all = H5Pcreate(H5P_DATASET_XFER), alone = H5Pcreate(H5P_DATASET_XFER);
  must(H5Pset_fapl_mpio(access, MPI_COMM_WORLD, MPI_INFO_NULL), "H5Pset_fapl_mpio");
  must(H5Pset_dxpl_mpio(all, H5FD_MPIO_COLLECTIVE), "H5Pset_dxpl_mpio");
  must(H5Pset_dxpl_mpio(alone, H5FD_MPIO_INDEPENDENT), "H5Pset_dxpl_mpio");
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  must(file, "H5Fcreate");
  hid_t chunked = dataset(file, "chunked", steps, 1), contiguous = dataset(file, "contiguous", steps, 0);
  int cells[ROWS * COLUMNS];
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < ROWS * COLUMNS; ++i) cells[i] = value(step, rank, i);
    rows(chunked, step, rank, all, cells, 1);
    rows(contiguous, step, rank, alone, cells, 1);
    if (step > 0) {
      rows(chunked, step - 1, next, all, cells, 0);
      compare(cells, step - 1, next);
    }
    must(H5Fflush(file, H5F_SCOPE_GLOBAL), "H5Fflush");
    if (rank == 0) printf("step %d\n", step), fflush(stdout);
    usleep(pause);
  }
  H5Dclose(chunked);
  H5Dclose(contiguous);
  must(H5Fclose(file), "H5Fclose");

  must(file = H5Fopen(path, H5F_ACC_RDONLY, access), "H5Fopen");
  must(chunked = H5Dopen2(file, "chunked", H5P_DEFAULT), "H5Dopen2");
  must(contiguous = H5Dopen2(file, "contiguous", H5P_DEFAULT), "H5Dopen2");
  for (int step = 0; step < steps; ++step)
    for (int owner = 0; owner < size; ++owner) {
      rows(chunked, step, owner, all, cells, 0);
      compare(cells, step, owner);
      rows(contiguous, step, owner, all, cells, 0);
      compare(cells, step, owner);
    }
  H5Dclose(chunked);
  H5Dclose(contiguous);
  must(H5Fclose(file), "H5Fclose");
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("PASS %d steps of %d ranks\n", steps, size);
  MPI_Finalize();
  return 0;
}
