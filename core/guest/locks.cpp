// SPDX-License-Identifier: Apache-2.0
// The functions of libc that look at the owner of a lock, or wait for one until a moment: owners.hpp and moments.hpp
// say why they are replaced.
#include "core/guest/export.hpp"
#include "core/guest/moments.hpp"
#include "core/guest/owners.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

// C11's are POSIX's in other clothes.
pthread_mutex_t* plain(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }

// As pthread_condattr_setclock() chose; libc notes it in a bit of the condition.
clockid_t clock_of(const pthread_cond_t& condition) {
  constexpr unsigned kMonotonic = 2;
  return (load(condition.__data.__wrefs) & kMonotonic) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

}  // namespace

CAIRN_INTERPOSE(int, pthread_mutex_lock, (pthread_mutex_t * mutex)) {
  about_to_use(mutex);
  return real().pthread_mutex_lock(mutex);
}
CAIRN_INTERPOSE(int, pthread_mutex_trylock, (pthread_mutex_t * mutex)) {
  about_to_use(mutex);
  return real().pthread_mutex_trylock(mutex);
}
CAIRN_INTERPOSE(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* moment)) {
  about_to_use(mutex);
  return real().pthread_mutex_timedlock(mutex, moment);
}
CAIRN_INTERPOSE(int, pthread_mutex_clocklock, (pthread_mutex_t * mutex, clockid_t clock, const timespec* moment)) {
  about_to_use(mutex);
  const Moment deadline(clock, moment);
  return real().pthread_mutex_clocklock(mutex, clock, deadline.value());
}
CAIRN_INTERPOSE(int, pthread_mutex_unlock, (pthread_mutex_t * mutex)) {
  about_to_use(mutex);
  return real().pthread_mutex_unlock(mutex);
}
CAIRN_INTERPOSE(int, pthread_mutex_setprioceiling, (pthread_mutex_t * mutex, int ceiling, int* old)) {
  about_to_use(mutex);
  return real().pthread_mutex_setprioceiling(mutex, ceiling, old);
}

CAIRN_INTERPOSE(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex)) {
  about_to_use(mutex);
  return real().pthread_cond_wait(condition, mutex);
}
CAIRN_INTERPOSE(int, pthread_cond_timedwait,
                (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* moment)) {
  about_to_use(mutex);
  const Moment deadline(clock_of(*condition), moment);
  return real().pthread_cond_timedwait(condition, mutex, deadline.value());
}
CAIRN_INTERPOSE(int, pthread_cond_clockwait,
                (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* moment)) {
  about_to_use(mutex);
  const Moment deadline(clock, moment);
  return real().pthread_cond_clockwait(condition, mutex, clock, deadline.value());
}

CAIRN_INTERPOSE(int, pthread_rwlock_rdlock, (pthread_rwlock_t * lock)) {
  about_to_use(lock);
  return real().pthread_rwlock_rdlock(lock);
}
CAIRN_INTERPOSE(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t * lock)) {
  about_to_use(lock);
  return real().pthread_rwlock_tryrdlock(lock);
}
CAIRN_INTERPOSE(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t * lock, const timespec* moment)) {
  about_to_use(lock);
  return real().pthread_rwlock_timedrdlock(lock, moment);
}
CAIRN_INTERPOSE(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t * lock, clockid_t clock, const timespec* moment)) {
  about_to_use(lock);
  const Moment deadline(clock, moment);
  return real().pthread_rwlock_clockrdlock(lock, clock, deadline.value());
}
CAIRN_INTERPOSE(int, pthread_rwlock_wrlock, (pthread_rwlock_t * lock)) {
  about_to_use(lock);
  return real().pthread_rwlock_wrlock(lock);
}
CAIRN_INTERPOSE(int, pthread_rwlock_trywrlock, (pthread_rwlock_t * lock)) {
  about_to_use(lock);
  return real().pthread_rwlock_trywrlock(lock);
}
CAIRN_INTERPOSE(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t * lock, const timespec* moment)) {
  about_to_use(lock);
  return real().pthread_rwlock_timedwrlock(lock, moment);
}
CAIRN_INTERPOSE(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t * lock, clockid_t clock, const timespec* moment)) {
  about_to_use(lock);
  const Moment deadline(clock, moment);
  return real().pthread_rwlock_clockwrlock(lock, clock, deadline.value());
}
CAIRN_INTERPOSE(int, pthread_rwlock_unlock, (pthread_rwlock_t * lock)) {
  about_to_use(lock);
  return real().pthread_rwlock_unlock(lock);
}

CAIRN_INTERPOSE(int, mtx_lock, (mtx_t * mutex)) {
  about_to_use(plain(mutex));
  return real().mtx_lock(mutex);
}
CAIRN_INTERPOSE(int, mtx_trylock, (mtx_t * mutex)) {
  about_to_use(plain(mutex));
  return real().mtx_trylock(mutex);
}
CAIRN_INTERPOSE(int, mtx_timedlock, (mtx_t * mutex, const timespec* moment)) {
  about_to_use(plain(mutex));
  return real().mtx_timedlock(mutex, moment);
}
CAIRN_INTERPOSE(int, mtx_unlock, (mtx_t * mutex)) {
  about_to_use(plain(mutex));
  return real().mtx_unlock(mutex);
}
CAIRN_INTERPOSE(int, cnd_wait, (cnd_t * condition, mtx_t* mutex)) {
  about_to_use(plain(mutex));
  return real().cnd_wait(condition, mutex);
}
CAIRN_INTERPOSE(int, cnd_timedwait, (cnd_t * condition, mtx_t* mutex, const timespec* moment)) {
  about_to_use(plain(mutex));
  return real().cnd_timedwait(condition, mutex, moment);
}
