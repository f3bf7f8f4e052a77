// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/table_lock.hpp"

#include <pthread.h>

namespace cairn::shim {
namespace {
// Recursive: freeing a handle takes it, and so does giving its Fortran index back.
pthread_mutex_t table_mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
}  // namespace

void TableLock::lock() noexcept { pthread_mutex_lock(&table_mutex); }
void TableLock::unlock() noexcept { pthread_mutex_unlock(&table_mutex); }

}  // namespace cairn::shim
