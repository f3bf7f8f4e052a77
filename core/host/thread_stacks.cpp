// SPDX-License-Identifier: Apache-2.0
#include "core/host/thread_stacks.hpp"

#include <dlfcn.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>

#include "core/host/entries.hpp"

namespace cairn::host {
namespace {

constexpr int kMaxStacks = 4096;

struct Slot {
  std::atomic<std::uintptr_t> start{0};  // 0: free
  std::atomic<std::size_t> size{0};      // 0 while start is set: being written
};
Slot slots[kMaxStacks];

// Where there is no slot left the stack is never given back.
void note(std::uintptr_t start, std::size_t size) noexcept {
  for (Slot& slot : slots) {
    std::uintptr_t nobody = 0;
    if (!slot.start.compare_exchange_strong(nobody, start)) continue;
    slot.size.store(size);
    return;
  }
}

void forget(std::uintptr_t start) noexcept {
  for (Slot& slot : slots) {
    if (slot.start.load() != start) continue;
    slot.size.store(0);
    slot.start.store(0);
    return;
  }
}

}  // namespace

void* take_stack(std::size_t size, bool joinable) noexcept {
  void* const stack = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) return nullptr;
  if (joinable) note(reinterpret_cast<std::uintptr_t>(stack), size);
  return stack;
}

void give_stack(void* stack, std::size_t size) noexcept {
  forget(reinterpret_cast<std::uintptr_t>(stack));
  munmap(stack, size);
}

// libc's record of a thread, which pthread_t points to, is at the top of its stack.
OwnedStack stack_of(pthread_t thread) noexcept {
  const auto record = static_cast<std::uintptr_t>(thread);
  for (const Slot& slot : slots) {
    const std::uintptr_t start = slot.start.load();
    const std::size_t size = slot.size.load();
    if (start != 0 && record >= start && record < start + size) return {reinterpret_cast<void*>(start), size};
  }
  return {};
}

}  // namespace cairn::host

CAIRN_INTERPOSE int CAIRN_OWN(pthread_join)(pthread_t thread, void** result) {
  using Join = int (*)(pthread_t, void**);
  static const Join real = reinterpret_cast<Join>(dlsym(RTLD_NEXT, "pthread_join"));
  const cairn::host::OwnedStack stack = cairn::host::stack_of(thread);
  const int error = real(thread, result);
  if (error == 0 && stack.start != nullptr) cairn::host::give_stack(stack.start, stack.size);
  return error;
}
