// SPDX-License-Identifier: Apache-2.0
// Shared memory that libc maps by itself, past our mmap: semaphores with names and System V segments. Once there is a
// plug the kernel would place them in the arena, among the guest's memory. So these functions are interposed, too: for
// the host's libraries, any thread.
#include <fcntl.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "core/base/raw_syscall.hpp"
#include "core/base/unique_fd.hpp"
#include "core/host/entries.hpp"

namespace cairn::host {
namespace {

constexpr char kDirectory[] = "/dev/shm/";

// "sem.NAME"; empty if it is none.
std::string semaphore_path(const char* name) {
  while (*name == '/') ++name;
  const std::string plain = name;
  if (plain.empty() || plain.size() + 4 > NAME_MAX || plain.find('/') != std::string::npos) return {};
  return kDirectory + ("sem." + plain);
}

sem_t* map_semaphore(int fd) noexcept {
  void* const memory = mmap(nullptr, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? SEM_FAILED : static_cast<sem_t*>(memory);
}

// A semaphore appears under its name only when it has its value: it is written to another file, which is then linked.
// SEM_FAILED and EEXIST if somebody was faster.
sem_t* create_semaphore(const std::string& path, mode_t mode, unsigned value) {
  if (value > SEM_VALUE_MAX) {
    errno = EINVAL;
    return SEM_FAILED;
  }
  sem_t fresh{};
  sem_init(&fresh, 1, value);
  char temporary[sizeof kDirectory + 40];
  static std::atomic<unsigned> serial{0};
  std::snprintf(temporary, sizeof temporary, "%scairn.%d.%u", kDirectory, getpid(), serial.fetch_add(1));
  const UniqueFd fd(open(temporary, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return SEM_FAILED;
  sem_t* made = SEM_FAILED;
  int error = 0;
  if (write(fd.get(), &fresh, sizeof fresh) != static_cast<ssize_t>(sizeof fresh) ||
      link(temporary, path.c_str()) != 0 || (made = map_semaphore(fd.get())) == SEM_FAILED)
    error = errno;
  unlink(temporary);
  errno = error;
  return made;
}

sem_t* open_semaphore(const char* name, int flags, mode_t mode, unsigned value) {
  const std::string path = semaphore_path(name);
  if (path.empty()) {
    errno = EINVAL;
    return SEM_FAILED;
  }
  for (;;) {
    if ((flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL)) {
      const UniqueFd fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
      if (fd) return map_semaphore(fd.get());
      if (errno != ENOENT || (flags & O_CREAT) == 0) return SEM_FAILED;
    }
    sem_t* const made = create_semaphore(path, mode, value);
    if (made != SEM_FAILED || errno != EEXIST || (flags & O_EXCL) != 0) return made;
  }
}

struct Attachments {
  std::mutex mutex;
  std::map<const void*, std::size_t> sizes;
};
Attachments& attachments() {
  static auto* const instance = new Attachments;
  return *instance;
}

void* attach_raw(int id, const void* address, int flags) noexcept {
  const long at = raw_syscall(SYS_shmat, id, reinterpret_cast<long>(address), flags);
  if (!is_error(at)) return reinterpret_cast<void*>(at);
  errno = static_cast<int>(-at);
  return reinterpret_cast<void*>(-1);
}

void* attach(int id, int flags) {
  shmid_ds segment{};
  if (shmctl(id, IPC_STAT, &segment) != 0) return reinterpret_cast<void*>(-1);
  void* const place = mmap(nullptr, segment.shm_segsz, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) return reinterpret_cast<void*>(-1);
  void* const at = attach_raw(id, place, flags | SHM_REMAP);
  if (at != place) {
    const int error = errno;
    munmap(place, segment.shm_segsz);
    errno = error;
    return at;
  }
  Attachments& all = attachments();
  const std::lock_guard lock(all.mutex);
  all.sizes[at] = segment.shm_segsz;
  return at;
}

// Zero if it is none of attach()'s.
std::size_t forget(const void* address) {
  Attachments& all = attachments();
  const std::lock_guard lock(all.mutex);
  const auto found = all.sizes.find(address);
  if (found == all.sizes.end()) return 0;
  const std::size_t size = found->second;
  all.sizes.erase(found);
  return size;
}

}  // namespace
}  // namespace cairn::host

// The symbols that the host's libraries bind to.
extern "C" {

CAIRN_INTERPOSE sem_t* CAIRN_OWN(sem_open)(const char* name, int flags, ...) {
  mode_t mode = 0;
  unsigned value = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    value = va_arg(arguments, unsigned);
    va_end(arguments);
  }
  return cairn::host::open_semaphore(name, flags, mode, value);
}

CAIRN_INTERPOSE int CAIRN_OWN(sem_close)(sem_t* semaphore) noexcept { return munmap(semaphore, sizeof(sem_t)); }

CAIRN_INTERPOSE void* CAIRN_OWN(shmat)(int id, const void* address, int flags) noexcept {
  return address == nullptr ? cairn::host::attach(id, flags) : cairn::host::attach_raw(id, address, flags);
}

// Memory of the host is replaced by the plug in one step; a hole would be open to the guest for a moment.
CAIRN_INTERPOSE int CAIRN_OWN(shmdt)(const void* address) noexcept {
  if (const std::size_t size = cairn::host::forget(address); size != 0) return munmap(const_cast<void*>(address), size);
  const long result = cairn::raw_syscall(SYS_shmdt, reinterpret_cast<long>(address));
  if (!cairn::is_error(result)) return 0;
  errno = static_cast<int>(-result);
  return -1;
}
}
