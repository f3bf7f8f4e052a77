/* SPDX-License-Identifier: Apache-2.0 */
/* environment FILE: what is asked of the library itself, memory and addresses, names of services, and statuses; in both
 * halves with answers that fit each other. */
#include "halves.h"

/* Programs that were built long ago call it; mpi.h hides it. */
#undef MPI_Address
int MPI_Address(void *, MPI_Aint *);

static double last_time;
static int *memory;
static char port[MPI_MAX_PORT_NAME];
static MPI_Status kept;

static void ask(void) {
  int initialized, finalized, level, is_main, version, subversion, length;
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  OK(MPI_Initialized(&initialized));
  OK(MPI_Finalized(&finalized));
  OK(MPI_Query_thread(&level));
  OK(MPI_Is_thread_main(&is_main));
  CHECK(initialized && !finalized && level >= MPI_THREAD_SINGLE && level <= MPI_THREAD_MULTIPLE && is_main);
  OK(MPI_Get_version(&version, &subversion));
  CHECK(version == MPI_VERSION && subversion == MPI_SUBVERSION);
  OK(MPI_Get_library_version(text, &length));
  CHECK(length > 0 && strstr(text, "Open MPI") != NULL);
  OK(MPI_Get_processor_name(text, &length));
  CHECK(length == (int)strlen(text) && length > 0);
  OK(MPI_Pcontrol(1));
  const double now = MPI_Wtime();
  CHECK(now >= last_time && now < last_time + 3600 + (last_time == 0 ? 1e12 : 0));
  CHECK(MPI_Wtick() > 0 && MPI_Wtick() < 1);
  last_time = now;
}

static void addresses(void) {
  MPI_Aint today, before;
  OK(MPI_Get_address(&memory[5], &today));
  OK(MPI_Address(&memory[2], &before));
  CHECK(MPI_Aint_diff(today, before) == 3 * (MPI_Aint)sizeof(int));
  CHECK(MPI_Aint_add(before, 3 * (MPI_Aint)sizeof(int)) == today);
}

static void names(int half) {
  char name[64], found[MPI_MAX_PORT_NAME];
  snprintf(name, sizeof name, "halves-%ld-%d-%d", (long)getpid(), rank, half);
  OK(MPI_Open_port(MPI_INFO_NULL, port));
  OK(MPI_Publish_name(name, MPI_INFO_NULL, port));
  OK(MPI_Lookup_name(name, MPI_INFO_NULL, found));
  CHECK(strcmp(found, port) == 0);
  OK(MPI_Unpublish_name(name, MPI_INFO_NULL, port));
  OK(MPI_Close_port(port));
}

static void receive(MPI_Status *status) {
  double values[3] = {1, 2, 3}, got[4];
  OK(MPI_Sendrecv(values, 3, MPI_DOUBLE, right, 7, got, 4, MPI_DOUBLE, left, 7, MPI_COMM_WORLD, status));
}

/* Of a status that a call in the first half has given. */
static void read_status(const MPI_Status *status) {
  int count, elements, cancelled;
  MPI_Count wide;
  MPI_Fint in_fortran[sizeof(MPI_Status) / sizeof(MPI_Fint)];
  MPI_Status back;
  MPI_Datatype pair;
  OK(MPI_Type_contiguous(2, MPI_DOUBLE, &pair));
  OK(MPI_Type_commit(&pair));
  OK(MPI_Get_count(status, MPI_DOUBLE, &count));
  CHECK(count == 3 && status->MPI_SOURCE == left && status->MPI_TAG == 7);
  OK(MPI_Get_count(status, pair, &count));
  CHECK(count == MPI_UNDEFINED);
  OK(MPI_Get_elements(status, pair, &elements));
  OK(MPI_Get_elements_x(status, pair, &wide));
  CHECK(elements == 3 && wide == 3);
  OK(MPI_Type_free(&pair));
  OK(MPI_Test_cancelled(status, &cancelled));
  CHECK(!cancelled);
  OK(MPI_Status_c2f(status, in_fortran));
  OK(MPI_Status_f2c(in_fortran, &back));
  CHECK(back.MPI_SOURCE == left && back.MPI_TAG == 7);
  OK(MPI_Get_elements(&back, MPI_DOUBLE, &elements));
  CHECK(elements == 3);
}

static void write_status(void) {
  MPI_Status status = kept;
  int elements, cancelled;
  MPI_Count wide;
  OK(MPI_Status_set_elements(&status, MPI_INT, 9));
  OK(MPI_Get_elements(&status, MPI_INT, &elements));
  CHECK(elements == 9);
  OK(MPI_Status_set_elements_x(&status, MPI_INT, (MPI_Count)1 << 33));
  OK(MPI_Get_elements_x(&status, MPI_INT, &wide));
  CHECK(wide == (MPI_Count)1 << 33);
  OK(MPI_Status_set_cancelled(&status, 1));
  OK(MPI_Test_cancelled(&status, &cancelled));
  CHECK(cancelled);
}

/* The program is the same in both halves, whoever has asked before; the directory that mpirun makes for the rank is
 * there. */
static void ask_info(void) {
  char command[MPI_MAX_INFO_VAL + 1] = "", directory[MPI_MAX_INFO_VAL + 1] = "";
  int flag;
  OK(MPI_Info_get(MPI_INFO_ENV, "command", MPI_MAX_INFO_VAL, command, &flag));
  CHECK(flag && strstr(command, "halves_environment") != NULL);
  OK(MPI_Info_get(MPI_INFO_ENV, "ompi_positioned_file_dir", MPI_MAX_INFO_VAL, directory, &flag));
  CHECK(flag && access(directory, F_OK) == 0);
}

static void nobody_has_spawned_us(void) {
  MPI_Comm parent;
  OK(MPI_Comm_get_parent(&parent));
  CHECK(parent == MPI_COMM_NULL);
}

int main(int argc, char **argv) {
  halves_begin(&argc, &argv);
  ask();
  OK(MPI_Alloc_mem(10 * sizeof(int), MPI_INFO_NULL, &memory));
  for (int i = 0; i < 10; i++) memory[i] = rank + i;
  addresses();
  names(1);
  receive(&kept);
  read_status(&kept);
  write_status();
  nobody_has_spawned_us();
  if (rank == 0) ask_info();

  halves_between(argv[1]);

  ask();
  for (int i = 0; i < 10; i++) CHECK(memory[i] == rank + i);
  addresses();
  OK(MPI_Free_mem(memory));
  OK(MPI_Alloc_mem(20 * sizeof(int), MPI_INFO_NULL, &memory));
  addresses();
  OK(MPI_Free_mem(memory));
  names(2);
  read_status(&kept);
  receive(&kept);
  read_status(&kept);
  write_status();
  nobody_has_spawned_us();
  ask_info();
  halves_end();
  return 0;
}
