// SPDX-License-Identifier: Apache-2.0
#include "core/guest/limits.hpp"

#include <errno.h>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr rlim_t kNotLowered = RLIM_INFINITY;
rlim_t lowered = kNotLowered;  // the guest's soft limit, where it is below the kernel's

// What the guest is to see, given what the kernel says.
void show(rlimit& limit) {
  const rlim_t mine = load(lowered);
  if (mine < limit.rlim_cur) limit.rlim_cur = mine;
}

int get_files(rlimit* limit) {
  const int result = real().getrlimit(RLIMIT_NOFILE, limit);
  if (result == 0) show(*limit);
  return result;
}

// A soft limit below the kernel's current one is only noted; the hard limit and higher ones go to the kernel.
int set_files(const rlimit* wanted) {
  rlimit now;
  if (real().getrlimit(RLIMIT_NOFILE, &now) != 0) return -1;
  if (wanted->rlim_cur > wanted->rlim_max) {
    errno = EINVAL;
    return -1;
  }
  const bool lower = wanted->rlim_cur < now.rlim_cur;
  rlimit kernel = *wanted;
  if (lower) kernel.rlim_cur = now.rlim_cur < wanted->rlim_max ? now.rlim_cur : wanted->rlim_max;
  if (real().setrlimit(RLIMIT_NOFILE, &kernel) != 0) return -1;
  store(lowered, lower ? wanted->rlim_cur : kNotLowered);
  return 0;
}

bool mine(pid_t pid) { return pid == 0 || pid == own_pid(); }

}  // namespace

namespace cairn::guest {

GuestLimitsInForce::GuestLimitsInForce() {
  const rlim_t soft = load(lowered);
  if (soft == kNotLowered || raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, address(&before_)) != 0) return;
  const rlimit guest{soft, before_.rlim_max};
  guest_soft_ = soft;
  changed_ = raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, address(&guest), 0) == 0;
}

GuestLimitsInForce::~GuestLimitsInForce() {
  if (changed_) raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, address(&before_), 0);
}

}  // namespace cairn::guest

CAIRN_INTERPOSE(int, getrlimit, (int resource, rlimit* limit)) {
  if (!hosted() || resource != RLIMIT_NOFILE) return real().getrlimit(static_cast<__rlimit_resource>(resource), limit);
  return get_files(limit);
}
CAIRN_INTERPOSE_ALIAS(int, getrlimit64, getrlimit, (int, rlimit*));

CAIRN_INTERPOSE(int, setrlimit, (int resource, const rlimit* limit)) {
  if (!hosted() || resource != RLIMIT_NOFILE || limit == nullptr)
    return real().setrlimit(static_cast<__rlimit_resource>(resource), limit);
  return set_files(limit);
}
CAIRN_INTERPOSE_ALIAS(int, setrlimit64, setrlimit, (int, const rlimit*));

CAIRN_INTERPOSE(int, prlimit, (pid_t pid, int resource, const rlimit* wanted, rlimit* old)) {
  if (!hosted() || resource != RLIMIT_NOFILE || !mine(pid))
    return real().prlimit(pid, static_cast<__rlimit_resource>(resource), wanted, old);
  rlimit before;
  if (get_files(&before) != 0 || (wanted != nullptr && set_files(wanted) != 0)) return -1;
  if (old != nullptr) *old = before;
  return 0;
}
CAIRN_INTERPOSE_ALIAS(int, prlimit64, prlimit, (pid_t, int, const rlimit*, rlimit*));

CAIRN_INTERPOSE(long, sysconf, (int name)) {
  const long value = real().sysconf(name);
  rlimit limit;
  if (name != _SC_OPEN_MAX || !hosted() || get_files(&limit) != 0) return value;
  return limit.rlim_cur == RLIM_INFINITY ? -1 : static_cast<long>(limit.rlim_cur);
}
CAIRN_INTERPOSE_ALIAS(long, __sysconf, sysconf, (int));

CAIRN_INTERPOSE(int, getdtablesize, (void)) {
  rlimit limit;
  if (!hosted() || get_files(&limit) != 0) return real().getdtablesize();
  return static_cast<int>(limit.rlim_cur);
}
