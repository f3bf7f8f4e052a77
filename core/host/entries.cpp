// SPDX-License-Identifier: Apache-2.0
#include "core/host/entries.hpp"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "core/base/raw_syscall.hpp"

extern "C" {
#define CAIRN_OWN_ENTRY(name) void cairn_host_##name();
#define CAIRN_LIBC_ENTRY(name)
#define CAIRN_NO_ENTRY(name)
#include "core/host/entries.inc"
#undef CAIRN_OWN_ENTRY
#undef CAIRN_LIBC_ENTRY
#undef CAIRN_NO_ENTRY
}

namespace cairn::host {
namespace {

const Entry kEntries[] = {
#define CAIRN_OWN_ENTRY(name) {#name, cairn_host_##name},
#define CAIRN_LIBC_ENTRY(name) {#name, nullptr},
#define CAIRN_NO_ENTRY(name)
#include "core/host/entries.inc"
#undef CAIRN_OWN_ENTRY
#undef CAIRN_LIBC_ENTRY
#undef CAIRN_NO_ENTRY
};
constexpr const char* kWithout[] = {
#define CAIRN_OWN_ENTRY(name)
#define CAIRN_LIBC_ENTRY(name)
#define CAIRN_NO_ENTRY(name) #name,
#include "core/host/entries.inc"
#undef CAIRN_OWN_ENTRY
#undef CAIRN_LIBC_ENTRY
#undef CAIRN_NO_ENTRY
};
constexpr std::size_t kCount = std::size(kEntries);

}  // namespace
}  // namespace cairn::host

using cairn::host::kCount;
using cairn::host::kEntries;

// What entries.S and entry_route.S read and write.
#define CAIRN_OF_ENTRIES __attribute__((visibility("hidden"), used))
extern "C" {
CAIRN_OF_ENTRIES void* cairn_real_functions[kCount];
CAIRN_OF_ENTRIES std::uint64_t cairn_entry_counts[kCount];
CAIRN_OF_ENTRIES std::int64_t cairn_light_place;
CAIRN_OF_ENTRIES std::uint32_t cairn_entries_by_kernel;
extern const char __start_cairn_entries[] __attribute__((visibility("hidden")));
extern const char __stop_cairn_entries[] __attribute__((visibility("hidden")));
[[noreturn]] CAIRN_OF_ENTRIES void cairn_entry_stray(std::uint32_t entry) noexcept;
}

namespace {

using namespace cairn;

void say(const char* text) noexcept {
  raw_syscall(SYS_write, STDERR_FILENO, reinterpret_cast<long>(text), static_cast<long>(std::strlen(text)));
}

// Before any constructor, of whatever library, and before whoever calls an entry. dlvsym() has none.
void find_real_functions(int, char**, char**) {
  using Lookup = void* (*)(void*, const char*);
  const auto look_up = reinterpret_cast<Lookup>(dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5"));
  for (std::size_t i = 0; i < kCount; ++i)
    if (kEntries[i].own == nullptr) cairn_real_functions[i] = look_up(RTLD_NEXT, kEntries[i].name);
}
__attribute__((section(".preinit_array"), used)) void (*const at_first)(int, char**, char**) = find_real_functions;

}  // namespace

// With the guest's thread pointer: no thread-local state, no libc.
void cairn_entry_stray(std::uint32_t entry) noexcept {
  say("cairn: internal error: ");
  say(kEntries[entry].name);
  say("() was called within a light crossing, which it cannot be\n");
  for (;;) raw_syscall(SYS_kill, raw_syscall(SYS_getpid), SIGABRT), raw_syscall(SYS_exit_group, 70);
}

namespace cairn::host {

std::span<const Entry> entries() noexcept { return kEntries; }
std::uint64_t entry_calls(std::size_t entry) noexcept { return cairn_entry_counts[entry]; }

void* behind_entry(const char* name) noexcept {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (std::strcmp(kEntries[i].name, name) != 0) continue;
    return kEntries[i].own != nullptr ? reinterpret_cast<void*>(kEntries[i].own) : cairn_real_functions[i];
  }
  return nullptr;
}

bool is_entry(std::uint64_t address) noexcept {
  return address >= reinterpret_cast<std::uint64_t>(__start_cairn_entries) &&
         address < reinterpret_cast<std::uint64_t>(__stop_cairn_entries);
}

bool needs_no_entry(const char* name) noexcept {
  for (const char* one : kWithout)
    if (std::strcmp(one, name) == 0) return true;
  return false;
}

void set_entries_by_kernel(bool by_kernel) noexcept { cairn_entries_by_kernel = by_kernel ? 1 : 0; }
void set_light_place(std::int64_t place) noexcept { cairn_light_place = place; }

}  // namespace cairn::host
