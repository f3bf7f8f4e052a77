// SPDX-License-Identifier: Apache-2.0
#include "core/context/machine.hpp"

#include <cpuid.h>
#include <gnu/libc-version.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "core/base/text.hpp"

namespace cairn::context {

namespace {

constexpr unsigned kOsXsave = 1u << 27;  // CPUID 1 ECX: xgetbv may be used

template <std::size_t N>
void set_text(char (&field)[N], const std::string& text) {
  std::memset(field, 0, N);
  std::memcpy(field, text.data(), std::min(text.size(), N - 1));
}

std::uint64_t read_xcr0() {
  std::uint32_t low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

void describe_cpu(cairn_ctx_header& header) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d)) {
    char vendor[13] = {};
    std::memcpy(vendor, &b, 4);
    std::memcpy(vendor + 4, &d, 4);
    std::memcpy(vendor + 8, &c, 4);
    set_text(header.cpu_vendor, vendor);
  }
  auto& w = header.cpu;
  if (__get_cpuid(1, &a, &b, &c, &d))
    w[CAIRN_CTX_CPU_1_EAX] = a, w[CAIRN_CTX_CPU_1_ECX] = c, w[CAIRN_CTX_CPU_1_EDX] = d;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    w[CAIRN_CTX_CPU_7_EBX] = b, w[CAIRN_CTX_CPU_7_ECX] = c, w[CAIRN_CTX_CPU_7_EDX] = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) w[CAIRN_CTX_CPU_7_1_EAX] = a;
  }
  if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d)) w[CAIRN_CTX_CPU_D_1_EAX] = a;
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) w[CAIRN_CTX_CPU_EXT_ECX] = c, w[CAIRN_CTX_CPU_EXT_EDX] = d;
  w[CAIRN_CTX_CPU_HWCAP2] = static_cast<std::uint32_t>(getauxval(AT_HWCAP2));
  if ((w[CAIRN_CTX_CPU_1_ECX] & kOsXsave) != 0) {
    header.xcr0 = read_xcr0();
    if (__get_cpuid_count(0xd, 0, &a, &b, &c, &d)) header.xstate_size = b;
  }
}

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

void describe_machine(cairn_ctx_header& header) {
  header.magic = CAIRN_CTX_MAGIC;
  header.version = CAIRN_CTX_VERSION;
  header.endianness = CAIRN_CTX_LITTLE_ENDIAN;
  header.header_size = sizeof header;
  header.machine = CAIRN_CTX_X86_64;
  header.page_size = CAIRN_CTX_PAGE;
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  header.created_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  describe_cpu(header);
  utsname names{};
  uname(&names);
  set_text(header.kernel_release, names.release);
  set_text(header.hostname, names.nodename);
  set_text(header.libc_version, gnu_get_libc_version());
  set_text(header.boot_id, first_line("/proc/sys/kernel/random/boot_id"));
}

std::vector<std::string> cpu_obstacles(const cairn_ctx_header& header) {
  cairn_ctx_header here{};
  describe_machine(here);
  std::vector<std::string> all;
  static constexpr struct {
    unsigned word;
    const char* name;
    std::uint32_t ignored;  // bits that say nothing about instructions: OSXSAVE, APIC, x2APIC, hypervisor ...
  } kWords[] = {
      {CAIRN_CTX_CPU_1_ECX, "CPUID 1 ECX", 1u << 3 | 1u << 14 | 1u << 15 | 1u << 18 | 1u << 21 | 1u << 24 | 1u << 31},
      {CAIRN_CTX_CPU_1_EDX, "CPUID 1 EDX", 1u << 9 | 1u << 21 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29 | 1u << 31},
      {CAIRN_CTX_CPU_7_EBX, "CPUID 7 EBX", 1u << 1 | 1u << 6 | 1u << 12 | 1u << 13 | 1u << 15 | 1u << 25},
      {CAIRN_CTX_CPU_7_ECX, "CPUID 7 ECX", 1u << 16 | 1u << 24 | 1u << 29 | 1u << 30},
      {CAIRN_CTX_CPU_7_1_EAX, "CPUID 7.1 EAX", 0},
      {CAIRN_CTX_CPU_D_1_EAX, "CPUID 0xd.1 EAX", 1u << 3 | 1u << 4},
  };
  for (const auto& word : kWords) {
    const std::uint32_t missing = header.cpu[word.word] & ~here.cpu[word.word] & ~word.ignored;
    if (missing != 0) all.push_back(std::string("this CPU lacks features ") + hex(missing) + " of " + word.name);
  }
  if (header.xcr0 != here.xcr0) {
    all.push_back("its register state was " + hex(header.xcr0) + " (xcr0), here it is " + hex(here.xcr0));
  } else if (header.xstate_size != here.xstate_size) {
    all.push_back("its register state took " + std::to_string(header.xstate_size) + " bytes, here " +
                  std::to_string(here.xstate_size));
  }
  return all;
}

}  // namespace cairn::context
