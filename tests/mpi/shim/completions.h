/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that complete requests, or look at them, each called until it finds something. */
#ifndef CAIRN_TESTS_MPI_SHIM_COMPLETIONS_H
#define CAIRN_TESTS_MPI_SHIM_COMPLETIONS_H

#include <mpi.h>

typedef enum {
  wait_one,
  test_one,
  wait_all,
  test_all,
  wait_any,
  test_any,
  wait_some,
  test_some,
  get_status,
  functions
} Function;
static const char *const function_names[] = {"Wait",    "Test",     "Waitall",  "Testall",           "Waitany",
                                             "Testany", "Waitsome", "Testsome", "Request_get_status"};

/* The first answer that finds something: code, how many, which. Those for one request take the first. */
static int find(Function f, int n, MPI_Request *requests, MPI_Status *statuses, int *count, int *which) {
  int rc, flag = 0;
  *count = f == wait_all || f == test_all ? n : 1;
  for (;;) switch (f) {
      case wait_one:
        return MPI_Wait(requests, statuses);
      case wait_all:
        return MPI_Waitall(n, requests, statuses);
      case wait_any:
        return MPI_Waitany(n, requests, which, statuses);
      case wait_some:
        return MPI_Waitsome(n, requests, count, which, statuses);
      case test_some:
        rc = MPI_Testsome(n, requests, count, which, statuses);
        if (rc != MPI_SUCCESS || *count != 0) return rc;
        break;
      case test_any:
        rc = MPI_Testany(n, requests, which, &flag, statuses);
        if (rc != MPI_SUCCESS || flag) return rc;
        break;
      default:
        rc = f == test_all   ? MPI_Testall(n, requests, &flag, statuses)
             : f == test_one ? MPI_Test(requests, &flag, statuses)
                             : MPI_Request_get_status(*requests, &flag, statuses);
        if (rc != MPI_SUCCESS || flag) return rc;
    }
}

#endif
