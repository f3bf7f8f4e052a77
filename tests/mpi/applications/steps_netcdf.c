// SPDX-License-Identifier: Apache-2.0
// One NetCDF-4 file in parallel, with an unlimited dimension along which it grows by a record in each step; all ranks
// write their columns collectively, and read the record before. At the end it is opened anew and compared.
//
// steps_netcdf FILE STEPS MICROSECONDS. Prints "step i" and PASS.
#include <mpi.h>
#include <netcdf.h>
#include <netcdf_par.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COLUMNS = 1000 };

static int rank, size;

static void must(int result, const char* what) {
  if (result == NC_NOERR) return;
  fprintf(stderr, "FAIL %s: %s (rank %d)\n", what, nc_strerror(result), rank);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static double value(int step, int owner, int at) { return step * 1e6 + owner * 1e4 + at; }

static void compare(int file, int variable, int step, int owner) {
  double cells[COLUMNS];
  const size_t start[2] = {step, (size_t)owner * COLUMNS}, count[2] = {1, COLUMNS};
  must(nc_get_vara_double(file, variable, start, count, cells), "nc_get_vara_double");
  for (int i = 0; i < COLUMNS; ++i)
    if (cells[i] != value(step, owner, i)) {
      fprintf(stderr, "FAIL record %d, columns of %d, cell %d: %g\n", step, owner, i, cells[i]);
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const char* path = argv[1];
  const int steps = atoi(argv[2]), pause = atoi(argv[3]);
  int file, dimensions[2], variable;
  must(nc_create_par(path, NC_NETCDF4 | NC_CLOBBER, MPI_COMM_WORLD, MPI_INFO_NULL, &file), "nc_create_par");
  must(nc_def_dim(file, "step", NC_UNLIMITED, &dimensions[0]), "nc_def_dim");
  must(nc_def_dim(file, "column", (size_t)size * COLUMNS, &dimensions[1]), "nc_def_dim");
  must(nc_def_var(file, "cells", NC_DOUBLE, 2, dimensions, &variable), "nc_def_var");
  must(nc_enddef(file), "nc_enddef");
  must(nc_var_par_access(file, variable, NC_COLLECTIVE), "nc_var_par_access");
  double cells[COLUMNS];
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < COLUMNS; ++i) cells[i] = value(step, rank, i);
    const size_t start[2] = {step, (size_t)rank * COLUMNS}, count[2] = {1, COLUMNS};
    must(nc_put_vara_double(file, variable, start, count, cells), "nc_put_vara_double");
    if (step > 0) compare(file, variable, step - 1, (rank + 1) % size);
    if (rank == 0) printf("step %d\n", step), fflush(stdout);
    usleep(pause);
  }
  must(nc_close(file), "nc_close");

  must(nc_open_par(path, NC_NOWRITE, MPI_COMM_WORLD, MPI_INFO_NULL, &file), "nc_open_par");
  must(nc_inq_varid(file, "cells", &variable), "nc_inq_varid");
  for (int step = 0; step < steps; ++step)
    for (int owner = 0; owner < size; ++owner) compare(file, variable, step, owner);
  must(nc_close(file), "nc_close");
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) printf("PASS %d records of %d ranks\n", steps, size);
  MPI_Finalize();
  return 0;
}
