// SPDX-License-Identifier: Apache-2.0
// Frozen-world code of the old host in a forked copy: brings the threads of the program to a stand, opens a hole in the
// plug and starts ld.so with the new host in it. No libc, no allocation, no thread-local storage.
#include <elf.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstring>

#include "core/abi/guest_table.h"
#include "core/abi/host_table.h"
#include "core/base/deadline.hpp"
#include "core/base/futex.hpp"
#include "core/base/queued_signal.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/adoption.hpp"
#include "core/host/resident_memory.hpp"

namespace cairn::host {
namespace {

constexpr char kLoader[] = "/lib64/ld-linux-x86-64.so.2";
constexpr char kPlainHost[] = "cairn-host";
constexpr std::size_t kHole = 1UL << 40;         // address space for the new host until it has its own plug
constexpr std::size_t kStackSize = 8UL << 20;    // of its main thread
constexpr std::int64_t kStandNanoseconds = 5e9;  // for the threads of the program
constexpr int kThreadFlags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
constexpr std::size_t kMaxAuxiliary = 64, kMaxEnvironment = 4096;

// The thread's stack until the new host has one: of the copy's own, like all of this.
alignas(16) char first_stack[128UL << 10];

struct Range {
  std::uintptr_t start = 0, end = 0;
  std::size_t size() const { return end - start; }
};

std::uintptr_t page_down(std::uintptr_t a) { return a & ~(CAIRN_PAGE_SIZE - 1); }
std::uintptr_t page_up(std::uintptr_t a) { return page_down(a + CAIRN_PAGE_SIZE - 1); }
long to_long(std::uintptr_t a) { return static_cast<long>(a); }

class File {
 public:
  explicit File(const char* path, long flags = O_RDONLY) noexcept
      : fd_(raw_syscall(SYS_openat, AT_FDCWD, address(path), flags | O_CLOEXEC)) {}
  ~File() {
    if (!is_error(fd_)) raw_syscall(SYS_close, fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return !is_error(fd_); }
  long fd() const { return fd_; }
  long read(void* to, std::size_t size) const { return raw_syscall(SYS_read, fd_, address(to), to_long(size)); }

 private:
  long fd_;
};

void set_failure(const char* why) noexcept {
  std::size_t n = strlen(why);
  if (n >= sizeof CAIRN_TABLE->adoption_failure) n = sizeof CAIRN_TABLE->adoption_failure - 1;
  memcpy(CAIRN_TABLE->adoption_failure, why, n);
  CAIRN_TABLE->adoption_failure[n] = '\0';
}

[[noreturn]] void fail(const char* why) noexcept {
  set_failure(why);
  store_and_wake(CAIRN_TABLE->adoption, CAIRN_ADOPTION_FAILED);
  for (;;) raw_syscall(SYS_exit, 0);
}

int number_of(const char* text) {
  int number = 0;
  for (; *text >= '0' && *text <= '9'; ++text) number = number * 10 + *text - '0';
  return *text == '\0' ? number : 0;
}

// Sends the signal of an adoption to every other thread; how many there are.
unsigned call_threads(int self) noexcept {
  const File directory("/proc/self/task", O_DIRECTORY);
  alignas(8) char buffer[4096];
  unsigned others = 0;
  for (;;) {
    const long n = raw_syscall(SYS_getdents64, directory.fd(), address(buffer), sizeof buffer);
    if (n <= 0) return others;
    for (long at = 0; at < n;) {
      // struct linux_dirent64: the length is at 16, the name at 19.
      const char* entry = buffer + at;
      unsigned short length = 0;
      memcpy(&length, entry + 16, sizeof length);
      at += length;
      const int tid = number_of(entry + 19);
      if (tid == 0 || tid == self) continue;
      ++others;
      queue_signal_for_thread(tid, CAIRN_STOP_SIGNAL, CAIRN_ADOPT_VALUE);
    }
  }
}

void wait_until_standing() noexcept {
  const timespec pause{0, 20000000};
  const std::int64_t end = monotonic_nanoseconds() + kStandNanoseconds;
  const int self = own_tid();
  for (;;) {
    const std::uint32_t standing = load(CAIRN_TABLE->standing);
    if (call_threads(self) == standing && load(CAIRN_TABLE->standing) == standing) return;
    if (monotonic_nanoseconds() > end) fail("its threads did not stand in time");
    wait_while(CAIRN_TABLE->standing, standing, &pause);
  }
}

bool hex(const char*& text, std::uintptr_t& value) {
  const char* const begin = text;
  for (value = 0;; ++text) {
    const char c = *text;
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return text != begin;
    value = value * 16 + static_cast<std::uintptr_t>(digit);
  }
}

// A line of /proc/self/maps that is part of the plug: above the arena, no access, no file.
void look_at(const char* line, Range& largest) {
  Range range;
  const char* at = line;
  if (!hex(at, range.start) || *at++ != '-' || !hex(at, range.end) || range.start < CAIRN_ARENA_TOP) return;
  if (memcmp(at, " ---p 00000000 00:00 0", 22) == 0 && range.size() > largest.size()) largest = range;
}

Range largest_plug() noexcept {
  const File maps("/proc/self/maps");
  Range largest;
  char buffer[8192];
  std::size_t have = 0;
  for (;;) {
    const long n = maps.is_open() ? maps.read(buffer + have, sizeof buffer - have - 1) : 0;
    if (n <= 0) return largest;
    have += static_cast<std::size_t>(n);
    buffer[have] = '\0';
    char* line = buffer;
    for (char* end; (end = strchr(line, '\n')) != nullptr; line = end + 1) {
      *end = '\0';
      look_at(line, largest);
    }
    have -= static_cast<std::size_t>(line - buffer);
    if (have >= sizeof buffer - 1) have = 0;  // a line of a very long path: none of the plug's
    memmove(buffer, line, have);
  }
}

Range hole;

[[noreturn]] void plug_and_fail(const char* why) noexcept {
  raw_syscall(SYS_mmap, to_long(hole.start), to_long(hole.size()), PROT_NONE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  fail(why);
}

int protection(std::uint32_t flags) {
  return ((flags & PF_R) != 0 ? PROT_READ : 0) | ((flags & PF_W) != 0 ? PROT_WRITE : 0) |
         ((flags & PF_X) != 0 ? PROT_EXEC : 0);
}

void map_segment(const File& file, const Elf64_Phdr& s, std::uintptr_t bias) noexcept {
  const std::uintptr_t start = page_down(bias + s.p_vaddr), file_end = bias + s.p_vaddr + s.p_filesz;
  const std::uintptr_t zero_to = page_up(file_end), memory_end = page_up(bias + s.p_vaddr + s.p_memsz);
  const int prot = protection(s.p_flags);
  if (is_error(raw_syscall(SYS_mmap, to_long(start), to_long(file_end - start), prot, MAP_PRIVATE | MAP_FIXED,
                           file.fd(), to_long(page_down(s.p_offset)))))
    plug_and_fail("the loader cannot be mapped");
  if (s.p_memsz <= s.p_filesz) return;
  if ((prot & PROT_WRITE) != 0) memset(reinterpret_cast<void*>(file_end), 0, zero_to - file_end);
  if (memory_end > zero_to && is_error(raw_syscall(SYS_mmap, to_long(zero_to), to_long(memory_end - zero_to), prot,
                                                   MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0)))
    plug_and_fail("the loader cannot be mapped");
}

struct Loader {
  std::uintptr_t entry = 0, headers = 0;
  std::size_t header_count = 0;
};

Loader load_loader() noexcept {
  const File file(kLoader);
  alignas(Elf64_Ehdr) char head[4096];
  if (!file.is_open() || file.read(head, sizeof head) != sizeof head) plug_and_fail("the loader cannot be read");
  Elf64_Ehdr header;
  memcpy(&header, head, sizeof header);
  if (header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr) > sizeof head) plug_and_fail("the loader is damaged");
  const auto segment = [&](std::size_t i) {
    Elf64_Phdr s;
    memcpy(&s, head + header.e_phoff + i * sizeof s, sizeof s);
    return s;
  };
  std::uintptr_t high = 0;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const Elf64_Phdr s = segment(i);
    if (s.p_type == PT_LOAD && page_up(s.p_vaddr + s.p_memsz) > high) high = page_up(s.p_vaddr + s.p_memsz);
  }
  const long place = raw_syscall(SYS_mmap, 0, to_long(high), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(place) || static_cast<std::uintptr_t>(place) < hole.start) plug_and_fail("no room for the loader");
  const auto bias = static_cast<std::uintptr_t>(place);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const Elf64_Phdr s = segment(i);
    if (s.p_type == PT_LOAD) map_segment(file, s, bias);
  }
  return {bias + header.e_entry, bias + header.e_phoff, header.e_phnum};
}

// <where our host is>/cairn-host: also for the child of one that is part of a job.
const char* new_host() noexcept {
  static char path[sizeof CAIRN_TABLE->host_path + sizeof kPlainHost];
  std::size_t n = strlen(CAIRN_TABLE->host_path);
  while (n > 0 && CAIRN_TABLE->host_path[n - 1] != '/') --n;
  memcpy(path, CAIRN_TABLE->host_path, n);
  memcpy(path + n, kPlainHost, sizeof kPlainHost);
  const long there = raw_syscall(SYS_faccessat, AT_FDCWD, address(path), X_OK);
  if (is_error(there)) fail("the host is not where it was");
  return path;
}

struct Auxiliary {
  std::uint64_t key, value;
};

// What the kernel told the first host, but for the program: that is ld.so.
std::size_t read_auxiliary(Auxiliary* vector, const Loader& loader) noexcept {
  const File file("/proc/self/auxv");
  const long n = file.is_open() ? file.read(vector, kMaxAuxiliary * sizeof *vector) : 0;
  std::size_t count = n > 0 ? static_cast<std::size_t>(n) / sizeof *vector : 0;
  if (count == 0) plug_and_fail("/proc/self/auxv cannot be read");
  for (std::size_t i = 0; i < count; ++i) {
    if (vector[i].key == AT_PHDR) vector[i].value = loader.headers;
    if (vector[i].key == AT_PHNUM) vector[i].value = loader.header_count;
    if (vector[i].key == AT_ENTRY) vector[i].value = loader.entry;
    if (vector[i].key == AT_BASE) vector[i].value = 0;
    if (vector[i].key == AT_NULL) return i + 1;
  }
  if (count == kMaxAuxiliary) --count;
  vector[count] = {AT_NULL, 0};
  return count + 1;
}

// argc, arguments, environment, auxiliary vector: what ld.so finds at its start. Returns where it begins.
std::uintptr_t write_stack(std::uintptr_t top, const char* program, const Loader& loader) noexcept {
  static Auxiliary auxiliary[kMaxAuxiliary];
  const std::size_t auxiliary_count = read_auxiliary(auxiliary, loader);
  const char* const arguments[] = {kLoader, program, kAdopt};
  std::size_t variables = 0;
  while (environ != nullptr && environ[variables] != nullptr && variables < kMaxEnvironment) ++variables;
  const std::size_t words = 1 + std::size(arguments) + 1 + variables + 1 + 2 * auxiliary_count;
  auto* at = reinterpret_cast<std::uint64_t*>((top - 64 - words * 8) & ~15UL);
  auto* const begin = at;
  *at++ = std::size(arguments);
  for (const char* word : arguments) *at++ = reinterpret_cast<std::uint64_t>(word);
  *at++ = 0;
  for (std::size_t i = 0; i < variables; ++i) *at++ = reinterpret_cast<std::uint64_t>(environ[i]);
  *at++ = 0;
  memcpy(at, auxiliary, auxiliary_count * sizeof *auxiliary);
  return reinterpret_cast<std::uintptr_t>(begin);
}

[[noreturn]] void load_host() noexcept {
  wait_until_standing();
  const char* const program = new_host();
  const Range plug = largest_plug();
  if (plug.size() < 2 * kHole) fail("there is no room for another host");
  hole = {plug.end - kHole, plug.end};
  give_up_resident_range(hole.start, hole.end);  // this host's functions are still called by the next
  if (is_error(raw_syscall(SYS_munmap, to_long(hole.start), to_long(hole.size())))) fail("the plug cannot be opened");
  const Loader loader = load_loader();
  const long stack = raw_syscall(SYS_mmap, 0, kStackSize, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (is_error(stack) || static_cast<std::uintptr_t>(stack) < hole.start) plug_and_fail("no room for a stack");
  const std::uintptr_t frame = write_stack(static_cast<std::uintptr_t>(stack) + kStackSize, program, loader);
  __asm__ volatile(
      "mov %0, %%rsp\n\t"
      "xor %%edx, %%edx\n\t"
      "xor %%ebp, %%ebp\n\t"
      "jmp *%1"
      :
      : "a"(frame), "c"(loader.entry)
      : "memory");
  __builtin_unreachable();
}

// As clone(2), for a function that does not return.
long make_thread(char* stack_top, void (*function)()) noexcept {
  register long parent_tid __asm__("rdx") = 0;
  register long child_tid __asm__("r10") = 0;
  register long thread_pointer __asm__("r8") = 0;
  register void (*start)() __asm__("r9") = function;
  long result;
  __asm__ volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "call *%%r9\n\t"
      "hlt\n\t"
      "1:"
      : "=a"(result)
      : "a"(static_cast<long>(SYS_clone)), "D"(static_cast<long>(kThreadFlags)), "S"(stack_top), "r"(parent_tid),
        "r"(child_tid), "r"(thread_pointer), "r"(start)
      : "rcx", "r11", "memory");
  return result;
}

void run() { load_host(); }

}  // namespace

int begin_adoption() noexcept {
  const long made = make_thread(first_stack + sizeof first_stack, run);
  if (is_error(made)) set_failure("no thread can be made");
  return is_error(made) ? static_cast<int>(made) : 0;
}

}  // namespace cairn::host
