// SPDX-License-Identifier: Apache-2.0
#include "core/host/resident_memory.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>

#include "core/base/raw_syscall.hpp"
#include "core/base/spin_lock.hpp"
#include "core/host/entries.hpp"
#include "core/host/host.hpp"
#include "core/host/page_ranges.hpp"

// jemalloc's own fork handlers; the guest forks through its own libc, which does not run the host's atfork list.
extern "C" {
void je_jemalloc_prefork(void);
void je_jemalloc_postfork_parent(void);
void je_jemalloc_postfork_child(void);
}

namespace cairn::host {
namespace {

constexpr int kPlugFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

class SpinLock {
 public:
  void lock() noexcept {
    while (locked_.exchange(true, std::memory_order_acquire)) {
      while (locked_.load(std::memory_order_relaxed)) __builtin_ia32_pause();
    }
  }
  void unlock() noexcept { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_{false};
};

struct Resident {
  SpinLock lock;
  PageRanges free;
  std::atomic<bool> plugged{false};
  std::atomic<bool> plugging{false};
  std::atomic<int> placing{0};  // threads in a call whose place the kernel chooses
};
Resident resident;

// True if the kernel may choose: end_placing() must follow. False once there is a plug.
bool begin_placing() noexcept {
  for (;;) {
    if (is_plugged()) return false;
    resident.placing.fetch_add(1);
    if (!resident.plugging.load() && !is_plugged()) return true;
    resident.placing.fetch_sub(1);
    while (resident.plugging.load()) cairn::raw_syscall(SYS_sched_yield);
  }
}

void end_placing() noexcept { resident.placing.fetch_sub(1); }

std::size_t round_up(std::size_t length) noexcept { return (length + CAIRN_PAGE_SIZE - 1) & ~(CAIRN_PAGE_SIZE - 1); }

long raw_map(std::uintptr_t a, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept {
  return cairn::raw_syscall(SYS_mmap, static_cast<long>(a), static_cast<long>(length), prot, flags, fd, offset);
}

std::uintptr_t carve(std::size_t length) noexcept {
  resident.lock.lock();
  const std::uintptr_t a = resident.free.take(length);
  resident.lock.unlock();
  return a;
}

void give_back(std::uintptr_t a, std::size_t length) noexcept {
  raw_map(a, length, PROT_NONE, kPlugFlags | MAP_FIXED, -1, 0);
  resident.lock.lock();
  resident.free.give(a, length);
  resident.lock.unlock();
}

void* as_pointer(long result) noexcept {
  if (cairn::is_error(result)) {
    errno = static_cast<int>(-result);
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(result);
}

void* resident_mmap(void* address, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT)) != 0 || length == 0)
    return as_pointer(raw_map(wanted, length, prot, flags, fd, offset));
  if (begin_placing()) {
    void* const placed = as_pointer(raw_map(wanted, length, prot, flags, fd, offset));
    end_placing();
    return placed;
  }
  length = round_up(length);
  const std::uintptr_t place = carve(length);
  if (place == 0) return as_pointer(-ENOMEM);
  const long result = raw_map(place, length, prot, flags | MAP_FIXED, fd, offset);
  if (is_error(result)) give_back(place, length);
  return as_pointer(result);
}

}  // namespace

bool is_plugged() noexcept { return resident.plugged.load(std::memory_order_acquire); }

void begin_plugging() noexcept {
  resident.plugging.store(true);
  while (resident.placing.load() != 0) cairn::raw_syscall(SYS_sched_yield);
}

void end_plugging(bool plugged) noexcept {
  resident.plugged.store(plugged);
  resident.plugging.store(false);
}

void add_resident_range(std::uintptr_t start, std::uintptr_t end) noexcept {
  resident.lock.lock();
  resident.free.give(start, end - start);
  resident.lock.unlock();
}

void give_up_resident_range(std::uintptr_t start, std::uintptr_t end) noexcept {
  resident.lock.lock();
  resident.free.take_all(start, end);
  resident.lock.unlock();
}

bool is_kept_free(std::uintptr_t start, std::uintptr_t end) noexcept {
  resident.lock.lock();
  const bool some = resident.free.has_some(start, end);
  resident.lock.unlock();
  return some;
}

void memory_fork_prepare() noexcept {
  je_jemalloc_prefork();
  resident.lock.lock();
}
void memory_fork_parent() noexcept {
  resident.lock.unlock();
  je_jemalloc_postfork_parent();
}
void memory_fork_child() noexcept {
  resident.lock.unlock();
  je_jemalloc_postfork_child();
}

void* arena_mmap(void* address, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept {
  return as_pointer(raw_map(reinterpret_cast<std::uintptr_t>(address), length, prot, flags, fd, offset));
}

int arena_munmap(void* address, std::size_t length) noexcept {
  const long r = cairn::raw_syscall(SYS_munmap, reinterpret_cast<long>(address), static_cast<long>(length));
  if (!is_error(r)) return 0;
  errno = static_cast<int>(-r);
  return -1;
}

}  // namespace cairn::host

// The symbols that the host's libraries bind to.
extern "C" {

CAIRN_INTERPOSE void* CAIRN_OWN(mmap)(void* a, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept {
  return cairn::host::resident_mmap(a, length, prot, flags, fd, offset);
}

CAIRN_INTERPOSE void* CAIRN_OWN(mmap64)(void* a, std::size_t length, int prot, int flags, int fd,
                                        off_t offset) noexcept {
  return cairn::host::resident_mmap(a, length, prot, flags, fd, offset);
}

CAIRN_INTERPOSE int CAIRN_OWN(munmap)(void* a, std::size_t length) noexcept {
  using namespace cairn::host;
  const auto start = reinterpret_cast<std::uintptr_t>(a);
  if (start < CAIRN_ARENA_TOP) return arena_munmap(a, length);
  if (begin_placing()) {  // a hole that opens behind the plug's maker would stay open
    const int result = arena_munmap(a, length);
    end_placing();
    return result;
  }
  if ((start & (CAIRN_PAGE_SIZE - 1)) != 0 || length == 0) {
    errno = EINVAL;
    return -1;
  }
  give_back(start, round_up(length));
  return 0;
}

CAIRN_INTERPOSE void* CAIRN_OWN(mremap)(void* old, std::size_t old_length, std::size_t new_length, int flags,
                                        ...) noexcept {
  using namespace cairn::host;
  void* fixed = nullptr;
  if ((flags & MREMAP_FIXED) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    fixed = va_arg(arguments, void*);
    va_end(arguments);
  }
  const auto old_start = reinterpret_cast<std::uintptr_t>(old);
  old_length = round_up(old_length);
  new_length = round_up(new_length);
  const bool placing = begin_placing();
  if (placing || fixed != nullptr || old_start < CAIRN_ARENA_TOP) {
    void* const moved =
        as_pointer(cairn::raw_syscall(SYS_mremap, static_cast<long>(old_start), static_cast<long>(old_length),
                                      static_cast<long>(new_length), flags, reinterpret_cast<long>(fixed)));
    if (placing) end_placing();
    return moved;
  }
  if (new_length <= old_length) {
    if (new_length < old_length) give_back(old_start + new_length, old_length - new_length);
    return old;
  }
  if ((flags & MREMAP_MAYMOVE) == 0) return as_pointer(-ENOMEM);
  const std::uintptr_t place = carve(new_length);
  if (place == 0) return as_pointer(-ENOMEM);
  const long result =
      cairn::raw_syscall(SYS_mremap, static_cast<long>(old_start), static_cast<long>(old_length),
                         static_cast<long>(new_length), MREMAP_MAYMOVE | MREMAP_FIXED, static_cast<long>(place));
  if (cairn::is_error(result)) {
    give_back(place, new_length);
  } else {
    give_back(old_start, old_length);
  }
  return as_pointer(result);
}
}
