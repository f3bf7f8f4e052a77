// SPDX-License-Identifier: Apache-2.0
// What programs.sh runs natively and hosted: shows one property of its process.
#include <elf.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

int threads() {
  int caught[8] = {};
  std::vector<std::thread> workers;
  for (int& c : caught) {
    workers.emplace_back([&c] {
      try {
        throw std::runtime_error("thrown");
      } catch (const std::exception&) {
        c = 1;
      }
    });
  }
  int total = 0;
  for (auto& w : workers) w.join();
  for (int c : caught) total += c;
  std::cout << "caught " << total << "\n";
  return 0;
}

int big_stack() {
  volatile char block[64 << 20];
  block[0] = 1;
  block[sizeof block - 1] = 2;
  std::cout << block[0] + block[sizeof block - 1] << "\n";
  return 0;
}

int brk_place() {
  const auto at = reinterpret_cast<unsigned long>(sbrk(0));
  std::cout << (at < 0x300000000000UL ? "arena" : "elsewhere") << "\n";
  return 0;
}

// The guest's vdso is a copy in the arena; without one every clock read would be a system call.
int vdso_place() {
  const unsigned long at = getauxval(AT_SYSINFO_EHDR);
  std::cout << (at != 0 && at < 0x300000000000UL ? "arena" : "elsewhere") << "\n";
  return 0;
}

// Finds a function of the vdso by name and version, as Go's runtime does: in tables whose presence it takes for
// granted. 0: no tables.
std::uintptr_t versioned_function(const char* name, const char* version) {
  const std::uintptr_t base = getauxval(AT_SYSINFO_EHDR);
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(base);
  const auto* segments = reinterpret_cast<const Elf64_Phdr*>(base + header->e_phoff);
  std::uintptr_t bias = 0;
  std::map<Elf64_Sxword, std::uintptr_t> tables;
  for (int i = 0; i < header->e_phnum; ++i)
    if (segments[i].p_type == PT_LOAD) bias = base + segments[i].p_offset - segments[i].p_vaddr;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type != PT_DYNAMIC) continue;
    for (auto* d = reinterpret_cast<const Elf64_Dyn*>(base + segments[i].p_offset); d->d_tag != DT_NULL; ++d)
      tables[d->d_tag] = bias + d->d_un.d_ptr;
  }
  for (const Elf64_Sxword needed : {DT_SYMTAB, DT_STRTAB, DT_VERSYM, DT_VERDEF})
    if (tables.count(needed) == 0) return 0;
  const auto* strings = reinterpret_cast<const char*>(tables[DT_STRTAB]);
  int index = 0;
  for (std::uintptr_t at = tables[DT_VERDEF];;) {
    const auto* definition = reinterpret_cast<const Elf64_Verdef*>(at);
    const auto* aux = reinterpret_cast<const Elf64_Verdaux*>(at + definition->vd_aux);
    if ((definition->vd_flags & VER_FLG_BASE) == 0 && version == std::string(strings + aux->vda_name))
      index = definition->vd_ndx & 0x7fff;
    if (definition->vd_next == 0) break;
    at += definition->vd_next;
  }
  const auto* symbols = reinterpret_cast<const Elf64_Sym*>(tables[DT_SYMTAB]);
  const auto* versions = reinterpret_cast<const Elf64_Half*>(tables[DT_VERSYM]);
  // The kernel's image has no DT_HASH under 6.11 and later: its first symbols are enough here.
  for (int i = 1; i < 6; ++i)
    if (versions[i] == index && name == std::string(strings + symbols[i].st_name)) return bias + symbols[i].st_value;
  return 0;
}

int vdso_versions() {
  const auto clock =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(versioned_function("__vdso_clock_gettime", "LINUX_2.6"));
  timespec now{};
  const bool works = clock != nullptr && clock(CLOCK_REALTIME, &now) == 0 && std::abs(now.tv_sec - time(nullptr)) < 2;
  std::cout << (works ? "works" : "missing") << "\n";
  return 0;
}

int show_file(const char* path) {
  std::ifstream in(path);
  std::cout << in.rdbuf();
  return 0;
}

// What others see of the process.
int shown(const char* own_name) {
  std::cout << "[" << own_name << "] ";
  show_file("/proc/self/comm");
  return show_file("/proc/self/cmdline");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "arguments") {
    for (int i = 2; i < argc; ++i) std::cout << "[" << argv[i] << "]";
    std::cout << "\n";
    return 0;
  }
  if (what == "exit") return std::atoi(argv[2]);
  if (what == "abort") std::abort();
  if (what == "threads") return threads();
  if (what == "environment") {
    for (char** e = environ; *e != nullptr; ++e) std::cout << *e << "\n";
    return 0;
  }
  if (what == "maps") return show_file("/proc/self/maps");
  if (what == "name") {
    std::cout << argv[0] << " " << program_invocation_short_name << "\n";
    return 0;
  }
  if (what == "shown") return shown(argv[0]);
  if (what == "bigstack") return big_stack();
  if (what == "brk") return brk_place();
  if (what == "descriptor") {
    std::cout << dup(1) << "\n";
    return 0;
  }
  if (what == "vdso") return vdso_place();
  if (what == "vdso-versions") return vdso_versions();
  return 2;
}
