// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/table_lock.hpp"

#include <pthread.h>

#include "mpi/crcp/lifecycle.hpp"
#include "mpi/shim/mpi_include.hpp"

namespace cairn::shim {
namespace {
// Recursive: freeing a handle takes it, and so does giving its Fortran index back.
pthread_mutex_t table_mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
}  // namespace

TableLock::TableLock() noexcept : locked_(crcp::thread_level() == MPI_THREAD_MULTIPLE) {
  if (locked_) pthread_mutex_lock(&table_mutex);
}

TableLock::~TableLock() {
  if (locked_) pthread_mutex_unlock(&table_mutex);
}

}  // namespace cairn::shim
