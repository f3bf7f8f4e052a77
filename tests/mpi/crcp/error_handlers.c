// SPDX-License-Identifier: Apache-2.0
// An error handler of the application that takes its time. With a FILE as argument it waits until that exists; without
// one it waits until another thread has used MPI (MPI_THREAD_MULTIPLE), for each call whose error is found in a table.
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char* go;
static int called;

static void wait_for_file(void) {
  const struct timespec pause = {0, 10000000};
  printf("handling\n");
  fflush(stdout);
  while (access(go, F_OK) != 0) nanosleep(&pause, NULL);
}

static void* use_mpi(void* arg) {
  MPI_Info info;
  (void)arg;
  MPI_Info_create(&info);
  MPI_Info_set(info, "key", "value");
  MPI_Info_free(&info);
  return NULL;
}

static void wait_for_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, use_mpi, NULL);
  pthread_join(thread, NULL);
}

static void handle(MPI_Comm* comm, int* code, ...) {
  (void)comm;
  (void)code;
  called++;
  if (go != NULL)
    wait_for_file();
  else
    wait_for_thread();
}

int main(int argc, char** argv) {
  MPI_Errhandler handler;
  MPI_Info info;
  char key[MPI_MAX_INFO_KEY + 1];
  int provided, expected = 1;
  go = argc > 1 ? argv[1] : NULL;
  MPI_Init_thread(&argc, &argv, go != NULL ? MPI_THREAD_SINGLE : MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_create_errhandler(handle, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Buffer_attach(NULL, 1);
  if (go == NULL) {
    MPI_Info_create(&info);
    MPI_Info_delete(info, "missing");
    MPI_Info_get_nthkey(info, 1, key);
    MPI_Info_free(&info);
    expected = 3;
  }
  MPI_Barrier(MPI_COMM_WORLD);
  printf(called == expected ? "PASS\n" : "FAIL: %d calls of the handler\n", called);
  MPI_Finalize();
  return called != expected;
}
