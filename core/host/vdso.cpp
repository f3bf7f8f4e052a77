// SPDX-License-Identifier: Apache-2.0
#include "core/host/vdso.hpp"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/clocks.hpp"
#include "core/host/host.hpp"
#include "core/host/vdso_image.hpp"

namespace cairn::host {
namespace {

// The kernel's.
struct Image {
  std::uintptr_t bias = 0;
  const Elf64_Sym* symbols = nullptr;
  const char* strings = nullptr;
  std::uint32_t symbol_count = 0;
};

using ClockGettime = int (*)(clockid_t, timespec*);

constexpr auto kClock = static_cast<std::size_t>(VdsoFunction::clock_gettime);
ClockGettime real_clock = nullptr;

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
  const std::uintptr_t base = getauxval(AT_SYSINFO_EHDR);
  if (base == 0) return image;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* segment = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
  const Elf64_Dyn* dynamic = nullptr;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segment[i].p_type == PT_LOAD) image.bias = base - segment[i].p_vaddr;
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
  if (image.symbols == nullptr || image.strings == nullptr) image.symbol_count = 0;
  return image;
}

// 0 if there is none.
std::uintptr_t find_function(const Image& image, const char* name) {
  for (std::uint32_t i = 1; i < image.symbol_count; ++i) {
    const Elf64_Sym& symbol = image.symbols[i];
    if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF &&
        std::strcmp(image.strings + symbol.st_name, name) == 0)
      return image.bias + symbol.st_value;
  }
  return 0;
}

// What follows runs with the guest's thread pointer: no TLS, no libc. Like the kernel's, these return -errno.
template <long kNumber>
long as_system_call(long a, long b) {
  return raw_syscall(kNumber, a, b, 0);
}

using Function = long (*)(long, long);
constexpr Function kSystemCalls[kVdsoFunctions] = {as_system_call<SYS_clock_gettime>, as_system_call<SYS_gettimeofday>,
                                                   as_system_call<SYS_time>, as_system_call<SYS_clock_getres>,
                                                   as_system_call<SYS_getcpu>};

int clock_gettime_of_guest(clockid_t clock, timespec* result) {
  if (!clock_is_guests_own(clock)) return real_clock(clock, result);
  const int status = real_clock(clock, result);
  if (status == 0) *result = to_timespec(clock_of_guest(clock, nanoseconds(*result)));
  return status;
}

}  // namespace

void build_guest_vdso() {
  void* area = arena_mmap(reinterpret_cast<void*>(CAIRN_VDSO_ADDR), kVdsoSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (area == MAP_FAILED) throw EnvironmentError(with_errno("cannot map the guest's vdso", errno));
  write_vdso_image();
  mprotect(area, kVdsoCodeSize, PROT_READ | PROT_EXEC);
  bind_guest_vdso();
  set_stop_word(nullptr);
}

void bind_guest_vdso() noexcept {
  const Image image = find_image();
  for (std::size_t i = 0; i < kVdsoFunctions; ++i) {
    const std::uintptr_t real = find_function(image, vdso_names[i]);
    vdso_slots().function[i] = real != 0 ? real : reinterpret_cast<std::uintptr_t>(kSystemCalls[i]);
  }
  std::uintptr_t& clock = vdso_slots().function[kClock];
  real_clock = reinterpret_cast<ClockGettime>(clock);
  clock = reinterpret_cast<std::uintptr_t>(&clock_gettime_of_guest);
}

void set_stop_word(const std::uint32_t* word) noexcept {
  vdso_slots().stop_word = word != nullptr ? word : &vdso_slots().no_stop;
}

}  // namespace cairn::host
