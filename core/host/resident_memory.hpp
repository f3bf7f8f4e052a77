// SPDX-License-Identifier: Apache-2.0
// The host's own mappings: the mmap family as every library of the host sees it. Before the plug the kernel
// places them; afterwards they are carved out of the plug, so that none lands in the arena.
// Thread-safe, no TLS besides errno.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::host {

// From now on carve from [start, end), which is mapped PROT_NONE.
void add_resident_range(std::uintptr_t start, std::uintptr_t end) noexcept;
// Somebody else has [start, end). Frozen-world code.
void give_up_resident_range(std::uintptr_t start, std::uintptr_t end) noexcept;
// Whether some of [start, end) is there to be carved from.
bool is_kept_free(std::uintptr_t start, std::uintptr_t end) noexcept;
bool is_plugged() noexcept;

// While the plug is being made no other thread may have the kernel choose a place for a mapping: it would choose one
// in the arena. Threads that try wait. Nothing may be allocated by the maker meanwhile.
void begin_plugging() noexcept;
void end_plugging(bool plugged) noexcept;

// Around a fork or raw clone without CLONE_VM of this process, whoever makes it: locks of the resident memory and
// of malloc are held across it, released in the parent, made fresh in the child.
void memory_fork_prepare() noexcept;
void memory_fork_parent() noexcept;
void memory_fork_child() noexcept;

}  // namespace cairn::host
