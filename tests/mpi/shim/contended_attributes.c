// SPDX-License-Identifier: Apache-2.0
// MPI_THREAD_MULTIPLE: threads set, copy and delete the same attribute of the same object at a time. Each value that
// was set or copied is deleted once. (Open MPI's own attributes do not bear this.) Prints PASS.
#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { kThreads = 4, kRounds = 400 };

static MPI_Datatype type;
static int key;
static atomic_long set, deleted, failed;

static int copy_value(MPI_Datatype from, int which, void* extra, void* value, void* out, int* flag) {
  (void)from, (void)which, (void)extra;
  ++set;
  *(void**)out = value;
  *flag = 1;
  return MPI_SUCCESS;
}

static int delete_value(MPI_Datatype from, int which, void* value, void* extra) {
  (void)from, (void)which, (void)value, (void)extra;
  ++deleted;
  sched_yield();
  return MPI_SUCCESS;
}

static void* work(void* value) {
  for (int i = 0; i < kRounds; ++i) {
    MPI_Datatype twin;
    if (MPI_Type_set_attr(type, key, value) == MPI_SUCCESS)
      ++set;
    else
      ++failed;
    if (i % 4 == 0) {
      MPI_Type_dup(type, &twin);
      MPI_Type_free(&twin);
    }
    MPI_Type_delete_attr(type, key);  // unless another thread has
  }
  return NULL;
}

int main(int argc, char** argv) {
  int provided, values[kThreads];
  pthread_t threads[kThreads];
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Type_contiguous(2, MPI_INT, &type);
  MPI_Type_create_keyval(copy_value, delete_value, &key, NULL);
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, work, &values[i]);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  MPI_Type_free(&type);
  MPI_Type_free_keyval(&key);
  MPI_Finalize();
  const int right = set == deleted && failed == 0 && set > kRounds;
  printf("%s: %ld set, %ld deleted, %ld not set\n", right ? "PASS" : "FAIL", (long)set, (long)deleted, (long)failed);
  return !right;
}
