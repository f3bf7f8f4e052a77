// SPDX-License-Identifier: Apache-2.0
#include "core/host/stand_in.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/abi/thread_pointer.h"
#include "core/base/raw_syscall.hpp"

namespace cairn::host {
namespace {

constexpr std::size_t kGuard = 1UL << 20;  // below: as much thread-local state as libraries may have
constexpr std::size_t kRecord = 0x700;     // of libc's record of a thread that is looked at
constexpr std::size_t kPage = CAIRN_PAGE_SIZE;
constexpr std::size_t kCopy = kPage / 2;                 // where a copy of it lies in the page
constexpr std::size_t kTcb = 0, kDtv = 8, kSelf = 0x10;  // x86-64's ABI of thread-local storage; libc's tcbhead_t
constexpr std::uint64_t kSpaces = 1024;                  // how many there can be

// Written in turn by one thread, read by the handler of faults, which has no thread-local state.
struct StandIn {
  std::uint64_t record = 0, host_fs = 0;
};
StandIn all[kSpaces];
std::uint64_t used = 0;
thread_local StandIn* own __attribute__((tls_model("initial-exec"))) = nullptr;

void on_fault(int signal, siginfo_t* info, void* frame);

// Unless the program has a handler: then what it says must do.
void watch_faults() noexcept {
  using Change = int (*)(int, const struct sigaction*, struct sigaction*);
  const auto change = reinterpret_cast<Change>(dlsym(RTLD_NEXT, "sigaction"));
  struct sigaction action {
  }, before{};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  if (change(SIGSEGV, nullptr, &before) == 0 && before.sa_handler == SIG_DFL) change(SIGSEGV, &action, nullptr);
}

StandIn* make() noexcept {
  const std::uint64_t number = __atomic_fetch_add(&used, 1, __ATOMIC_SEQ_CST);
  void* const space = number < kSpaces ? mmap(nullptr, kGuard + 2 * kPage, PROT_NONE,
                                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                                       : MAP_FAILED;
  auto* const record = static_cast<char*>(space) + kGuard;
  if (space == MAP_FAILED || mprotect(record, kPage, PROT_READ | PROT_WRITE) != 0) {
    std::fprintf(stderr, "cairn: no memory for checking light crossings\n");
    std::abort();
  }
  watch_faults();
  all[number] = {reinterpret_cast<std::uint64_t>(record), cairn_own_fs()};
  return &all[number];
}

const StandIn* stand_in_at(std::uint64_t fs) noexcept {
  for (std::uint64_t i = 0; i < __atomic_load_n(&used, __ATOMIC_SEQ_CST) && i < kSpaces; ++i)
    if (all[i].record == fs) return &all[i];
  return nullptr;
}

void put(std::uint64_t record, std::size_t place, std::uint64_t value) noexcept {
  std::memcpy(reinterpret_cast<char*>(record) + place, &value, sizeof value);
}

const char* name_of(std::uint64_t address, Dl_info& info) noexcept {
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0) return nullptr;
  return info.dli_sname != nullptr ? info.dli_sname : "?";
}

// With the host's thread pointer, on the stack of the thread that faulted.
void tell(std::uint64_t at, std::uint64_t stack, std::uint64_t touched) noexcept {
  Dl_info info{};
  const char* name = name_of(at, info);
  std::fprintf(stderr, "cairn: light crossing: %s() of %s has touched thread-local state (address %#lx)\n",
               name != nullptr ? name : "?", name != nullptr ? info.dli_fname : "?",
               static_cast<unsigned long>(touched));
  constexpr int kWords = 400, kMost = 12;
  for (int i = 0, told = 0; i < kWords && told < kMost; ++i) {  // what looks like return addresses
    const std::uint64_t word = reinterpret_cast<const std::uint64_t*>(stack)[i];
    if (word < CAIRN_ARENA_TOP || (name = name_of(word, info)) == nullptr) continue;
    std::fprintf(stderr, "cairn:   perhaps called by %s() of %s\n", name, info.dli_fname);
    ++told;
  }
}

void on_fault(int signal, siginfo_t* info, void* frame) {
  const std::uint64_t fs = cairn_read_fs();
  if (const StandIn* const found = stand_in_at(fs)) {
    const auto& registers = static_cast<ucontext_t*>(frame)->uc_mcontext.gregs;
    cairn_write_fs(found->host_fs);
    tell(static_cast<std::uint64_t>(registers[REG_RIP]), static_cast<std::uint64_t>(registers[REG_RSP]),
         reinterpret_cast<std::uint64_t>(info->si_addr));
    raw_syscall(SYS_exit_group, 70);
  }
  const std::uint64_t nothing[4] = {};  // as without a handler
  raw_syscall(SYS_rt_sigaction, signal, reinterpret_cast<long>(nothing), 0, 8);
}

}  // namespace

std::uint64_t stand_in_begin(std::uint64_t guest_fs) noexcept {
  if (own == nullptr) own = make();
  std::memcpy(reinterpret_cast<void*>(own->record), reinterpret_cast<const void*>(guest_fs), kRecord);
  put(own->record, kTcb, own->record);
  put(own->record, kDtv, own->record - kGuard);
  put(own->record, kSelf, guest_fs);
  std::memcpy(reinterpret_cast<char*>(own->record) + kCopy, reinterpret_cast<const void*>(own->record), kRecord);
  return own->record;
}

void stand_in_end() noexcept {
  const auto* const record = reinterpret_cast<const char*>(own->record);
  for (std::size_t i = 0; i < kRecord; ++i) {
    if (record[i] == record[i + kCopy]) continue;
    std::fprintf(stderr, "cairn: light crossing: something has written into the thread's record, at %#zx\n", i);
    std::fflush(stderr);
    raw_syscall(SYS_exit_group, 70);
  }
}

}  // namespace cairn::host
