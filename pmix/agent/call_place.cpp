// SPDX-License-Identifier: Apache-2.0
#include "pmix/agent/call_place.hpp"

#include <elf.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/base/text.hpp"

namespace cairn::pmix {
namespace {

constexpr std::size_t kWords = 256, kSmallRead = 64;
constexpr std::size_t kLongestFile = std::size_t{1} << 31;

bool read_own(std::uint64_t address, void* to, std::size_t bytes) {
  const iovec local{to, bytes}, remote{reinterpret_cast<void*>(address), bytes};
  return ::process_vm_readv(::getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

// E8 and four bytes, or FF /2 with its operand.
bool is_behind_call(std::uint64_t address) {
  unsigned char code[8] = {};
  if (!read_own(address - sizeof code, code, sizeof code)) return false;
  if (code[3] == 0xe8) return true;
  for (const std::size_t at : {1U, 2U, 4U, 5U, 6U})
    if (code[at] == 0xff && (code[at + 1] & 0x38) == 0x10) return true;
  return false;
}

bool is_binding(const std::string& path) { return base_name(path).rfind("libmpi", 0) == 0; }

// A part of an ELF file, read as an array of T; empty if it is not there.
template <class T>
std::vector<T> read_array(std::ifstream& in, std::uint64_t offset, std::uint64_t bytes) {
  std::vector<T> all;
  if (bytes > kLongestFile) return all;
  all.resize(bytes / sizeof(T));
  in.clear();
  in.seekg(static_cast<std::streamoff>(offset));
  in.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(all.size() * sizeof(T)));
  if (!in) all.clear();
  return all;
}

}  // namespace

CallPlace::Words CallPlace::read_stack(std::uint64_t frame) {
  Words words;
  if (frame == 0) return words;
  for (const std::size_t count : {kWords, kSmallRead, std::size_t{1}}) {  // it may be near the stack's end
    words.resize(count);
    if (read_own(frame - sizeof(std::uint64_t), words.data(), count * sizeof(std::uint64_t))) return words;
  }
  words.clear();
  return words;
}

std::vector<CallPlace::Module> CallPlace::code_modules() {
  std::vector<Module> modules;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    Module m;
    char rights[8] = "";
    int path = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %7s %lx %*s %*s %n", &m.start, &m.end, rights, &m.offset, &path) < 4)
      continue;
    if (rights[2] != 'x' || path == 0 || line[static_cast<std::size_t>(path)] != '/') continue;
    m.path = line.substr(static_cast<std::size_t>(path));
    modules.push_back(std::move(m));
  }
  return modules;
}

CallPlace::File CallPlace::read_file(const std::string& path) {
  File file;
  std::ifstream in(path, std::ios::binary);
  const auto headers = read_array<Elf64_Ehdr>(in, 0, sizeof(Elf64_Ehdr));
  if (headers.empty() || std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0) return file;
  for (const Elf64_Phdr& p : read_array<Elf64_Phdr>(in, headers[0].e_phoff, headers[0].e_phnum * sizeof(Elf64_Phdr))) {
    if (p.p_type != PT_LOAD || (p.p_flags & PF_X) == 0) continue;
    file.bias = p.p_vaddr - p.p_offset;
    break;
  }
  const auto sections = read_array<Elf64_Shdr>(in, headers[0].e_shoff, headers[0].e_shnum * sizeof(Elf64_Shdr));
  for (const std::uint32_t kind : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (const Elf64_Shdr& s : sections) {
      if (s.sh_type != kind || s.sh_link >= sections.size() || !file.functions.empty()) continue;
      const auto names = read_array<char>(in, sections[s.sh_link].sh_offset, sections[s.sh_link].sh_size);
      for (const Elf64_Sym& symbol : read_array<Elf64_Sym>(in, s.sh_offset, s.sh_size)) {
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF || symbol.st_name >= names.size())
          continue;
        const char* const name = names.data() + symbol.st_name;
        file.functions.push_back(
            {symbol.st_value, symbol.st_size, {name, ::strnlen(name, names.size() - symbol.st_name)}});
      }
    }
  }
  std::sort(file.functions.begin(), file.functions.end(),
            [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  return file;
}

const CallPlace::File& CallPlace::file(const std::string& path) {
  const auto known = files_.find(path);
  return known != files_.end() ? known->second : files_.emplace(path, read_file(path)).first->second;
}

std::string CallPlace::describe(const Module& module, std::uint64_t address) {
  const File& found = file(module.path);
  const std::uint64_t in_file = address - module.start + module.offset + found.bias;
  const auto above = std::upper_bound(found.functions.begin(), found.functions.end(), in_file - 1,
                                      [](std::uint64_t a, const Symbol& s) { return a < s.address; });
  std::ostringstream text;
  text << std::hex;
  if (above != found.functions.begin() && in_file - 1 < (above - 1)->address + (above - 1)->size)
    text << (above - 1)->name << "+0x" << in_file - (above - 1)->address << " (" << base_name(module.path) << ")";
  else
    text << base_name(module.path) << "+0x" << in_file;
  return text.str();
}

std::string CallPlace::of(const Words& stack) {
  if (stack.empty()) return {};
  const std::vector<Module> modules = code_modules();
  bool first = true;
  for (const std::uint64_t address : stack) {
    const auto module = std::find_if(modules.begin(), modules.end(),
                                     [&](const Module& m) { return address >= m.start && address < m.end; });
    if (module != modules.end() && !is_binding(module->path) && (first || is_behind_call(address)))
      return describe(*module, address);
    if (first && module == modules.end()) return {};  // code that is in no file
    first = false;
  }
  return {};
}

}  // namespace cairn::pmix
