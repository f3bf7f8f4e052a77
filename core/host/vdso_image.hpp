// SPDX-License-Identifier: Apache-2.0
// The guest's vdso as an ELF image at CAIRN_VDSO_ADDR: headers and tables, a page of entries, a page of slots.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/abi/layout.h"

namespace cairn::host {

// Libraries keep the addresses of these, images keep the libraries: append only.
enum class VdsoFunction : std::uint8_t { clock_gettime, gettimeofday, time, clock_getres, getcpu };
constexpr std::size_t kVdsoFunctions = 5;
extern const char* const vdso_names[kVdsoFunctions];

// What the entries read.
struct VdsoSlots {
  std::uint64_t function[kVdsoFunctions];  // what entry i calls
  const std::uint32_t* stop_word;          // not zero: the caller is to stop
  std::uint32_t no_stop;                   // what stop_word points to before there is a guest
};

constexpr std::size_t kVdsoCodeSize = 2 * CAIRN_PAGE_SIZE;
constexpr std::size_t kVdsoSize = kVdsoCodeSize + CAIRN_PAGE_SIZE;

inline VdsoSlots& vdso_slots() { return *reinterpret_cast<VdsoSlots*>(CAIRN_VDSO_ADDR + kVdsoCodeSize); }

// Fills the first kVdsoCodeSize bytes at CAIRN_VDSO_ADDR, which must be writable.
//
// An entry calls its slot's function; when that has returned and the stop word is not zero, it sends the calling
// thread the stop signal. So a thread that cannot be stopped in the function, because that is not the guest's code,
// stops right behind it.
void write_vdso_image();

}  // namespace cairn::host
