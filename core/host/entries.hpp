// SPDX-License-Identifier: Apache-2.0
// The entries through which the host's libraries call libc (entries.table): each looks whose thread pointer it finds.
//
// A function of libc that the host replaces is defined as CAIRN_OWN(name), and has a row in the table; everybody in the
// host, this program too, calls it by its usual name, and comes through the entry.
#pragma once

#include <cstdint>
#include <span>

#define CAIRN_OWN(name) cairn_host_##name
#define CAIRN_INTERPOSE extern "C" __attribute__((visibility("hidden")))

namespace cairn::host {

struct Entry {
  const char* name;
  void (*own)();  // what takes libc's place; null: nothing does
};

// In the order of cairn_entry_count().
std::span<const Entry> entries() noexcept;
// How often the entry was called with the guest's thread pointer. Not exact if threads call at once.
std::uint64_t entry_calls(std::size_t entry) noexcept;
// The function that the entry of this name calls; null: there is no such entry.
void* behind_entry(const char* name) noexcept;
// Is there an entry of this program at this address?
bool is_entry(std::uint64_t address) noexcept;
// libc's function of this name works with any thread pointer (class `nothing`).
bool needs_no_entry(const char* name) noexcept;

// How thread pointers are written (core/abi/thread_pointer.h).
void set_entries_by_kernel(bool by_kernel) noexcept;
// Where struct cairn_light is from a guest's thread pointer; 0: nowhere. Either thread pointer.
void set_light_place(std::int64_t place) noexcept;

}  // namespace cairn::host
