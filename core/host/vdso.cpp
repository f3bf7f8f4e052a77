// SPDX-License-Identifier: Apache-2.0
#include "core/host/vdso.hpp"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include <cstring>
#include <ctime>

#include "core/common/error.hpp"
#include "core/host/host.hpp"
#include "core/host/raw_syscall.hpp"

namespace cairn::host {
namespace {

struct Image {
  std::uintptr_t base = 0;  // where the kernel mapped it
  std::uintptr_t bias = 0;
  std::size_t size = 0;
  const Elf64_Sym* symbols = nullptr;
  const char* strings = nullptr;
  std::uint32_t symbol_count = 0;
};

using ClockGettime = int (*)(clockid_t, timespec*);

struct Vdso {
  Image image;
  std::uint64_t* slots = nullptr;
  std::uint64_t* clock_slot[2] = {};  // clock_gettime and its __vdso_ name share code; each has a slot
  ClockGettime real_clock = nullptr;
  std::int64_t offset = 0;
};
Vdso vdso;

std::uint32_t count_gnu_hash(const std::uint32_t* hash) {
  const std::uint32_t buckets = hash[0], first = hash[1], bloom = hash[2];
  const std::uint32_t* bucket = hash + 4 + 2 * bloom;
  const std::uint32_t* chain = bucket + buckets;
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < buckets; ++i) {
    if (bucket[i] > last) last = bucket[i];
  }
  if (last < first) return first;
  while ((chain[last - first] & 1) == 0) ++last;
  return last + 1;
}

Image find_image() {
  Image image;
  image.base = getauxval(AT_SYSINFO_EHDR);
  if (image.base == 0) return image;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(image.base);
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(image.base + header->e_phoff);
  const Elf64_Dyn* dynamic = nullptr;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segment[i].p_type != PT_LOAD) continue;
    image.size = (segment[i].p_memsz + CAIRN_PAGE_SIZE - 1) & ~(CAIRN_PAGE_SIZE - 1);
    image.bias = image.base - segment[i].p_vaddr;
  }
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segment[i].p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const Elf64_Dyn*>(image.bias + segment[i].p_vaddr);
  }
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    const std::uintptr_t where = image.bias + dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_SYMTAB) image.symbols = reinterpret_cast<const Elf64_Sym*>(where);
    if (dynamic->d_tag == DT_STRTAB) image.strings = reinterpret_cast<const char*>(where);
    if (dynamic->d_tag == DT_HASH) image.symbol_count = reinterpret_cast<const std::uint32_t*>(where)[1];
    if (dynamic->d_tag == DT_GNU_HASH && image.symbol_count == 0)
      image.symbol_count = count_gnu_hash(reinterpret_cast<const std::uint32_t*>(where));
  }
  return image;
}

// Runs with the guest's thread pointer: no TLS, no libc.
int shifted_clock_gettime(clockid_t clock, timespec* result) {
  const int status = vdso.real_clock(clock, result);
  const bool shifted = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
                       clock == CLOCK_BOOTTIME;
  if (status != 0 || !shifted) return status;
  const std::int64_t total = result->tv_sec * 1000000000LL + result->tv_nsec + vdso.offset;
  result->tv_sec = total / 1000000000LL;
  result->tv_nsec = total % 1000000000LL;
  return 0;
}

// jmp *slot(%rip)
void write_jump(std::uint8_t* at, const std::uint64_t* slot) {
  const auto distance = static_cast<std::int32_t>(reinterpret_cast<const std::uint8_t*>(slot) - (at + 6));
  at[0] = 0xff;
  at[1] = 0x25;
  std::memcpy(at + 2, &distance, sizeof distance);
}

}  // namespace

bool has_guest_vdso() noexcept { return vdso.slots != nullptr; }

void build_guest_vdso() {
  vdso.image = find_image();
  const Image& image = vdso.image;
  if (image.base == 0 || image.symbols == nullptr) return;
  if (CAIRN_VDSO_ADDR + image.size + CAIRN_PAGE_SIZE > CAIRN_ARENA_TOP)
    throw EnvironmentError("the kernel's vdso is larger than the area kept for it");
  void* copy = arena_mmap(reinterpret_cast<void*>(CAIRN_VDSO_ADDR), image.size + CAIRN_PAGE_SIZE,
                          PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (copy == MAP_FAILED) throw EnvironmentError("cannot map the guest's vdso");
  std::memcpy(copy, reinterpret_cast<const void*>(image.base), image.size);
  vdso.slots = reinterpret_cast<std::uint64_t*>(CAIRN_VDSO_ADDR + image.size);
  int used = 0, clocks = 0;
  for (std::uint32_t i = 1; i < image.symbol_count; ++i) {
    const Elf64_Sym& symbol = image.symbols[i];
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
    const std::uintptr_t real = image.bias + symbol.st_value;
    std::uint64_t* slot = &vdso.slots[used++];
    *slot = real;
    write_jump(reinterpret_cast<std::uint8_t*>(CAIRN_VDSO_ADDR) + (real - image.base), slot);
    if (image.strings == nullptr || std::strstr(image.strings + symbol.st_name, "clock_gettime") == nullptr) continue;
    vdso.real_clock = reinterpret_cast<ClockGettime>(real);
    if (clocks < 2) vdso.clock_slot[clocks++] = slot;
  }
  mprotect(copy, image.size, PROT_READ | PROT_EXEC);
}

void set_clock_offset(std::int64_t nanoseconds) noexcept {
  vdso.offset = nanoseconds;
  if (nanoseconds == 0 || vdso.real_clock == nullptr) return;
  for (auto* slot : vdso.clock_slot) {
    if (slot != nullptr) *slot = reinterpret_cast<std::uint64_t>(&shifted_clock_gettime);
  }
}

std::int64_t clock_offset() noexcept { return vdso.offset; }

}  // namespace cairn::host
