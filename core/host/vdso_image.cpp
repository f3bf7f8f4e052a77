// SPDX-License-Identifier: Apache-2.0
#include "core/host/vdso_image.hpp"

#include <elf.h>
#include <sys/syscall.h>

#include <cstring>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace cairn::host {

const char* const vdso_names[kVdsoFunctions] = {"__vdso_clock_gettime", "__vdso_gettimeofday", "__vdso_time",
                                                "__vdso_clock_getres", "__vdso_getcpu"};

namespace {

constexpr std::size_t kEntrySize = 32;
constexpr std::size_t kNameSize = 32;
constexpr Elf64_Half kSection = 1;  // there are none; but 0 would mean undefined

// A version as the kernel defines it; Go's runtime reads these tables without asking whether there are any.
struct Version {
  Elf64_Verdef definition;
  Elf64_Verdaux name;
};
enum : Elf64_Half { kBaseVersion = 1, kFunctionsVersion = 2, kVersions = 2 };
constexpr char kOwnName[] = "linux-vdso.so.1", kVersionName[] = "LINUX_2.6";

// With one hash chain.
struct Tables {
  Elf64_Ehdr header;
  Elf64_Phdr load, dynamic_segment;
  Elf64_Dyn dynamic[10];
  Elf64_Sym symbols[kVdsoFunctions + 1];
  std::uint32_t hash[2 + 1 + kVdsoFunctions + 1];
  Version versions[kVersions];
  Elf64_Half symbol_versions[kVdsoFunctions + 1];
  char names[kVdsoFunctions + 3][kNameSize];  // an empty one, the image's own, the functions', their version's
};
static_assert(sizeof(Tables) <= CAIRN_PAGE_SIZE);
static_assert((kVdsoFunctions + 2) * kEntrySize <= CAIRN_PAGE_SIZE);

constexpr std::size_t entry_offset(std::size_t function) { return CAIRN_PAGE_SIZE + function * kEntrySize; }

constexpr Elf64_Word name_offset(std::size_t name) { return static_cast<Elf64_Word>(name * kNameSize); }

void fill_header(Tables& t) {
  std::memcpy(t.header.e_ident, ELFMAG, SELFMAG);
  t.header.e_ident[EI_CLASS] = ELFCLASS64;
  t.header.e_ident[EI_DATA] = ELFDATA2LSB;
  t.header.e_ident[EI_VERSION] = EV_CURRENT;
  t.header.e_type = ET_DYN;
  t.header.e_machine = EM_X86_64;
  t.header.e_version = EV_CURRENT;
  t.header.e_phoff = offsetof(Tables, load);
  t.header.e_ehsize = sizeof t.header;
  t.header.e_phentsize = sizeof t.load;
  t.header.e_phnum = 2;
  t.load = {PT_LOAD, PF_R | PF_X, 0, 0, 0, kVdsoCodeSize, kVdsoCodeSize, CAIRN_PAGE_SIZE};
  constexpr Elf64_Off at = offsetof(Tables, dynamic);
  t.dynamic_segment = {PT_DYNAMIC, PF_R, at, at, at, sizeof t.dynamic, sizeof t.dynamic, 8};
}

// The hash of the ELF specification.
constexpr Elf64_Word hash_of(const char* name) {
  Elf64_Word hash = 0;
  for (; *name != '\0'; ++name) {
    hash = (hash << 4) + static_cast<unsigned char>(*name);
    const Elf64_Word high = hash & 0xf0000000;
    hash = (hash ^ (high >> 24)) & ~high;
  }
  return hash;
}

void fill_versions(Tables& t) {
  const auto define = [&](Elf64_Half index, Elf64_Half flags, const char* name, std::size_t where) {
    Version& version = t.versions[index - 1];
    const Elf64_Word next = index < kVersions ? sizeof version : 0;
    version.definition = {VER_DEF_CURRENT, flags, index, 1, hash_of(name), offsetof(Version, name), next};
    version.name = {name_offset(where), 0};
  };
  define(kBaseVersion, VER_FLG_BASE, kOwnName, 1);
  define(kFunctionsVersion, 0, kVersionName, kVdsoFunctions + 2);
  std::strcpy(t.names[kVdsoFunctions + 2], kVersionName);
  for (std::size_t i = 1; i <= kVdsoFunctions; ++i) t.symbol_versions[i] = kFunctionsVersion;
}

void fill_tables(Tables& t) {
  const std::pair<Elf64_Sxword, std::size_t> entries[] = {{DT_SONAME, name_offset(1)},
                                                          {DT_HASH, offsetof(Tables, hash)},
                                                          {DT_STRTAB, offsetof(Tables, names)},
                                                          {DT_STRSZ, sizeof t.names},
                                                          {DT_SYMTAB, offsetof(Tables, symbols)},
                                                          {DT_SYMENT, sizeof t.symbols[0]},
                                                          {DT_VERSYM, offsetof(Tables, symbol_versions)},
                                                          {DT_VERDEF, offsetof(Tables, versions)},
                                                          {DT_VERDEFNUM, kVersions},
                                                          {DT_NULL, 0}};
  static_assert(std::size(entries) == sizeof t.dynamic / sizeof t.dynamic[0]);
  for (std::size_t i = 0; i < std::size(entries); ++i) t.dynamic[i] = {entries[i].first, {entries[i].second}};
  std::strcpy(t.names[1], kOwnName);
  t.hash[0] = 1;
  t.hash[1] = kVdsoFunctions + 1;
  t.hash[2] = 1;  // the chain begins with symbol 1
  for (std::size_t i = 0; i < kVdsoFunctions; ++i) {
    std::strcpy(t.names[i + 2], vdso_names[i]);
    t.symbols[i + 1] = {name_offset(i + 2), ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT, kSection, entry_offset(i),
                        kEntrySize};
    t.hash[3 + i + 1] = i + 1 < kVdsoFunctions ? static_cast<std::uint32_t>(i + 2) : 0;
  }
}

class Code {
 public:
  explicit Code(std::size_t offset) : at_(reinterpret_cast<std::uint8_t*>(CAIRN_VDSO_ADDR + offset)) {}
  void bytes(std::initializer_list<std::uint8_t> code) {
    for (std::uint8_t byte : code) *at_++ = byte;
  }
  // An instruction that ends with the distance to `target`.
  void bytes_to(std::initializer_list<std::uint8_t> code, const void* target) {
    bytes(code);
    const auto distance = static_cast<std::int32_t>(static_cast<const std::uint8_t*>(target) - (at_ + 4));
    std::memcpy(at_, &distance, sizeof distance);
    at_ += sizeof distance;
  }
  // eax = the call's result; rcx and r11 are lost
  void system_call(std::uint8_t number) { bytes({0xb8, number, 0, 0, 0, 0x0f, 0x05}); }

 private:
  std::uint8_t* at_;
};

constexpr std::size_t kStopOffset = entry_offset(kVdsoFunctions);

void write_entry(std::size_t function) {
  Code code(entry_offset(function));
  code.bytes({0x48, 0x83, 0xec, 0x08});                                                 // sub $8, %rsp
  code.bytes_to({0xff, 0x15}, &vdso_slots().function[function]);                        // call *slot
  code.bytes({0x48, 0x83, 0xc4, 0x08});                                                 // add $8, %rsp
  code.bytes_to({0x48, 0x8b, 0x0d}, &vdso_slots().stop_word);                           // mov stop_word, %rcx
  code.bytes({0x83, 0x39, 0x00});                                                       // cmpl $0, (%rcx)
  code.bytes_to({0x0f, 0x85}, reinterpret_cast<void*>(CAIRN_VDSO_ADDR + kStopOffset));  // jne stop
  code.bytes({0xc3});                                                                   // ret
}

// tgkill(getpid(), gettid(), CAIRN_STOP_SIGNAL), keeping the function's result
void write_stop() {
  static_assert(SYS_tgkill < 256 && CAIRN_STOP_SIGNAL < 128);
  Code code(kStopOffset);
  code.bytes({0x50});  // push %rax
  code.system_call(SYS_getpid);
  code.bytes({0x89, 0xc7});  // mov %eax, %edi
  code.system_call(SYS_gettid);
  code.bytes({0x89, 0xc6});                        // mov %eax, %esi
  code.bytes({0xba, CAIRN_STOP_SIGNAL, 0, 0, 0});  // mov $signal, %edx
  code.system_call(SYS_tgkill);
  code.bytes({0x58, 0xc3});  // pop %rax; ret
}

}  // namespace

void write_vdso_image() {
  Tables tables{};
  fill_header(tables);
  fill_tables(tables);
  fill_versions(tables);
  std::memcpy(reinterpret_cast<void*>(CAIRN_VDSO_ADDR), &tables, sizeof tables);
  for (std::size_t i = 0; i < kVdsoFunctions; ++i) write_entry(i);
  write_stop();
}

}  // namespace cairn::host
