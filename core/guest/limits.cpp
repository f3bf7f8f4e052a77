// SPDX-License-Identifier: Apache-2.0
#include "core/guest/limits.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/turn.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr rlim_t kNotLowered = RLIM_INFINITY;

// As the kernel does; `hard`: the limit that the guest has. Sets errno.
bool may_set(const rlimit& wanted, rlim_t hard) {
  if (wanted.rlim_cur > wanted.rlim_max) {
    errno = EINVAL;
  } else if (wanted.rlim_max > hard && raw_syscall(SYS_geteuid) != 0) {
    errno = EPERM;
  } else {
    return true;
  }
  return false;
}

// The guest's limits, where they are below the kernel's. An older host has no place for a hard one.
bool has_place_for_hard() { return table().size > offsetof(cairn_table, nofile_hard); }
rlim_t hard_kept() { return has_place_for_hard() ? load(table().nofile_hard) : kNotLowered; }
void keep(rlim_t soft, rlim_t hard) {
  store(table().nofile_soft, soft);
  if (has_place_for_hard()) store(table().nofile_hard, hard);
}

// What the guest is to see, given what the kernel says.
rlimit shown(const rlimit& kernel) {
  return {std::min<rlim_t>(kernel.rlim_cur, load(table().nofile_soft)), std::min(kernel.rlim_max, hard_kept())};
}

// The host raises the soft limit for moments in its turns.
int get_kernels(rlimit* limit) {
  Look look;
  int result = 0;
  do result = real().getrlimit(RLIMIT_NOFILE, limit);
  while (look.again());
  return result;
}

int get_files(rlimit* limit) {
  const int result = get_kernels(limit);
  if (result == 0) *limit = shown(*limit);
  return result;
}

// A hard limit below the kernel's current one is only noted; so is a soft one where the host needs its own.
int set_files(const rlimit* wanted) {
  const Turn turn(Turn::kMakes);
  rlimit now;
  if (real().getrlimit(RLIMIT_NOFILE, &now) != 0) return -1;
  if (!may_set(*wanted, hard_kept())) return -1;
  const bool holds_hard = has_place_for_hard();
  const rlim_t soft_of_host = std::min(now.rlim_cur, holds_hard ? now.rlim_max : wanted->rlim_max);
  const rlimit kernel{table().soft_limit_is_guests != 0 ? wanted->rlim_cur : std::max(wanted->rlim_cur, soft_of_host),
                      holds_hard ? std::max(wanted->rlim_max, now.rlim_max) : wanted->rlim_max};
  if (real().setrlimit(RLIMIT_NOFILE, &kernel) != 0) return -1;
  keep(wanted->rlim_cur < kernel.rlim_cur ? wanted->rlim_cur : kNotLowered,
       wanted->rlim_max < kernel.rlim_max ? wanted->rlim_max : kNotLowered);
  return 0;
}

// --- those that are only noted ---

constexpr int kNoted[] = {RLIMIT_AS, RLIMIT_DATA};
constexpr rlimit kNotNoted{RLIM_INFINITY, RLIM_INFINITY};
rlimit noted[] = {kNotNoted, kNotNoted};  // a restarted guest has it with its memory

rlimit* note_of(int resource) {
  for (std::size_t i = 0; i < std::size(kNoted); ++i) {
    if (kNoted[i] == resource) return &noted[i];
  }
  return nullptr;
}

rlimit lower_of(const rlimit& a, const rlimit& b) {
  return {std::min(a.rlim_cur, b.rlim_cur), std::min(a.rlim_max, b.rlim_max)};
}

int get_noted(int resource, rlimit* limit) {
  const int result = real().getrlimit(static_cast<__rlimit_resource>(resource), limit);
  if (result == 0) *limit = lower_of(*limit, *note_of(resource));
  return result;
}

int set_noted(int resource, const rlimit* wanted) {
  rlimit kernel;
  if (real().getrlimit(static_cast<__rlimit_resource>(resource), &kernel) != 0) return -1;
  if (!may_set(*wanted, lower_of(kernel, *note_of(resource)).rlim_max)) return -1;
  const rlimit higher{std::max(wanted->rlim_cur, kernel.rlim_cur), std::max(wanted->rlim_max, kernel.rlim_max)};
  if ((higher.rlim_cur != kernel.rlim_cur || higher.rlim_max != kernel.rlim_max) &&
      real().setrlimit(static_cast<__rlimit_resource>(resource), &higher) != 0)
    return -1;
  *note_of(resource) = {wanted->rlim_cur, wanted->rlim_max};
  return 0;
}

// --- of either kind ---

bool is_ours(int resource) { return resource == RLIMIT_NOFILE || note_of(resource) != nullptr; }
int get(int resource, rlimit* limit) {
  return resource == RLIMIT_NOFILE ? get_files(limit) : get_noted(resource, limit);
}
int set(int resource, const rlimit* wanted) {
  return resource == RLIMIT_NOFILE ? set_files(wanted) : set_noted(resource, wanted);
}

bool mine(pid_t pid) { return pid == 0 || pid == own_pid(); }

}  // namespace

namespace cairn::guest {

GuestLimitsInForce::GuestLimitsInForce(const char* path) {
  if (is_error(raw_syscall(SYS_faccessat, AT_FDCWD, address(path), X_OK))) return;
  Look look;
  do {
    if (raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, address(&before_)) != 0) return;
  } while (look.again());
  guest_ = shown(before_);
  if (guest_.rlim_cur == before_.rlim_cur && guest_.rlim_max == before_.rlim_max) return;
  changed_ = raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, address(&guest_), 0) == 0;
}

GuestLimitsInForce::~GuestLimitsInForce() {
  if (changed_) raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, address(&before_), 0);
}

NotedLimitsInForce::NotedLimitsInForce(const char* path) {
  if (!hosted() || is_error(raw_syscall(SYS_faccessat, AT_FDCWD, address(path), X_OK))) return;
  for (std::size_t i = 0; i < std::size(kNoted); ++i) {
    if (raw_syscall(SYS_prlimit64, 0, kNoted[i], 0, address(&before_[i])) != 0) continue;
    const rlimit lower = lower_of(before_[i], noted[i]);
    if (lower.rlim_cur == before_[i].rlim_cur && lower.rlim_max == before_[i].rlim_max) continue;
    changed_[i] = raw_syscall(SYS_prlimit64, 0, kNoted[i], address(&lower), 0) == 0;
  }
}

NotedLimitsInForce::~NotedLimitsInForce() {
  for (std::size_t i = 0; i < std::size(kNoted); ++i) {
    if (changed_[i]) raw_syscall(SYS_prlimit64, 0, kNoted[i], address(&before_[i]), 0);
  }
}

}  // namespace cairn::guest

CAIRN_INTERPOSE(int, getrlimit, (int resource, rlimit* limit)) {
  if (!hosted() || !is_ours(resource)) return real().getrlimit(static_cast<__rlimit_resource>(resource), limit);
  return get(resource, limit);
}
CAIRN_INTERPOSE_ALIAS(int, getrlimit64, getrlimit, (int, rlimit*));

CAIRN_INTERPOSE(int, setrlimit, (int resource, const rlimit* limit)) {
  if (!hosted() || !is_ours(resource) || limit == nullptr)
    return real().setrlimit(static_cast<__rlimit_resource>(resource), limit);
  return set(resource, limit);
}
CAIRN_INTERPOSE_ALIAS(int, setrlimit64, setrlimit, (int, const rlimit*));

CAIRN_INTERPOSE(int, prlimit, (pid_t pid, int resource, const rlimit* wanted, rlimit* old)) {
  if (!hosted() || !is_ours(resource) || !mine(pid))
    return real().prlimit(pid, static_cast<__rlimit_resource>(resource), wanted, old);
  rlimit before;
  if (get(resource, &before) != 0 || (wanted != nullptr && set(resource, wanted) != 0)) return -1;
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
