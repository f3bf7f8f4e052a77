// SPDX-License-Identifier: Apache-2.0
#include "core/host/loader.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/host/host.hpp"
#include "core/host/vdso.hpp"

namespace cairn::host {
namespace {

constexpr unsigned long kUnlimitedStack = 64UL << 30;  // address space only
constexpr unsigned long kSmallestStack = 1UL << 20;

std::uintptr_t page_down(std::uintptr_t a) { return a & ~(CAIRN_PAGE_SIZE - 1); }
std::uintptr_t page_up(std::uintptr_t a) { return page_down(a + CAIRN_PAGE_SIZE - 1); }

struct LoadedLoader {
  std::uintptr_t bias = 0, entry = 0, headers = 0;
  unsigned header_count = 0;
};

[[noreturn]] void bad_loader(const std::string& path, const char* what) {
  throw EnvironmentError(with_errno("cannot load " + path + " (" + what + ")", errno));
}

int protection(std::uint32_t flags) {
  return ((flags & PF_R) != 0 ? PROT_READ : 0) | ((flags & PF_W) != 0 ? PROT_WRITE : 0) |
         ((flags & PF_X) != 0 ? PROT_EXEC : 0);
}

void map_segment(const std::string& path, int fd, const Elf64_Phdr& segment, std::uintptr_t bias) {
  const std::uintptr_t start = page_down(bias + segment.p_vaddr);
  const std::uintptr_t file_end = bias + segment.p_vaddr + segment.p_filesz;
  const std::uintptr_t memory_end = bias + segment.p_vaddr + segment.p_memsz;
  const int prot = protection(segment.p_flags);
  void* mapped = arena_mmap(reinterpret_cast<void*>(start), file_end - start, prot, MAP_PRIVATE | MAP_FIXED, fd,
                            static_cast<off_t>(page_down(segment.p_offset)));
  if (mapped == MAP_FAILED) bad_loader(path, "mmap");
  if (memory_end <= file_end) return;
  const std::uintptr_t zero_to = page_up(file_end);
  if ((prot & PROT_WRITE) != 0) std::memset(reinterpret_cast<void*>(file_end), 0, zero_to - file_end);
  if (memory_end <= zero_to) return;
  mapped = arena_mmap(reinterpret_cast<void*>(zero_to), page_up(memory_end) - zero_to, prot,
                      MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) bad_loader(path, "bss");
}

LoadedLoader load_loader(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  alignas(Elf64_Ehdr) char head[4096];
  if (!fd || pread(fd.get(), head, sizeof head, 0) < static_cast<ssize_t>(sizeof(Elf64_Ehdr))) bad_loader(path, "read");
  Elf64_Ehdr header;
  std::memcpy(&header, head, sizeof header);
  if (header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr) > sizeof head) bad_loader(path, "program headers");
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  std::memcpy(segments.data(), head + header.e_phoff, segments.size() * sizeof(Elf64_Phdr));
  std::uintptr_t low = ~0UL, high = 0;
  for (const auto& s : segments) {
    if (s.p_type != PT_LOAD) continue;
    low = std::min(low, page_down(s.p_vaddr));
    high = std::max(high, page_up(s.p_vaddr + s.p_memsz));
  }
  if (high <= low) bad_loader(path, "no segments");
  void* place = arena_mmap(nullptr, high - low, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) bad_loader(path, "address space");
  LoadedLoader loaded;
  loaded.bias = reinterpret_cast<std::uintptr_t>(place) - low;
  for (const auto& s : segments) {
    if (s.p_type == PT_LOAD) map_segment(path, fd.get(), s, loaded.bias);
  }
  loaded.entry = loaded.bias + header.e_entry;
  loaded.headers = loaded.bias + header.e_phoff;
  loaded.header_count = header.e_phnum;
  return loaded;
}

// Writes the guest's first stack, top down.
class StackWriter {
 public:
  explicit StackWriter(std::uintptr_t top) : at_(top) {}
  std::uintptr_t push_string(const std::string& s) { return push(s.c_str(), s.size() + 1); }
  std::uintptr_t push(const void* data, std::size_t length) {
    at_ -= length;
    std::memcpy(reinterpret_cast<void*>(at_), data, length);
    return at_;
  }
  // The words end up at the lowest addresses, 16-byte aligned.
  std::uintptr_t push_words(const std::vector<std::uint64_t>& words) {
    at_ = (at_ - words.size() * 8) & ~15UL;
    std::memcpy(reinterpret_cast<void*>(at_), words.data(), words.size() * 8);
    return at_;
  }
  void align() { at_ &= ~15UL; }
  std::uintptr_t at() const { return at_; }

 private:
  std::uintptr_t at_;
};

// The loader's command line; the program's own is its last words, with another name.
constexpr std::size_t kNameWord = 2;

std::vector<std::string> loader_arguments(const GuestStart& start) {
  std::vector<std::string> words = {start.program.interpreter, "--argv0", start.program.argv0};
  if (!start.preloads.empty()) {
    std::string list;
    for (const auto& p : start.preloads) list += (list.empty() ? "" : ":") + p;
    words.insert(words.end(), {"--preload", list});
  }
  words.push_back(start.program.resolved);  // $ORIGIN is where the file is, not where a symlink to it is
  words.insert(words.end(), start.program.arguments.begin(), start.program.arguments.end());
  return words;
}

void add_auxiliary(std::vector<std::uint64_t>& words, const LoadedLoader& loader, std::uint64_t random,
                   std::uint64_t platform, std::uint64_t exec_name) {
  const auto add = [&words](std::uint64_t key, std::uint64_t value) { words.insert(words.end(), {key, value}); };
  add(AT_SYSINFO_EHDR, CAIRN_VDSO_ADDR);
  add(AT_PAGESZ, CAIRN_PAGE_SIZE);
  add(AT_PHDR, loader.headers);
  add(AT_PHENT, sizeof(Elf64_Phdr));
  add(AT_PHNUM, loader.header_count);
  add(AT_BASE, 0);
  add(AT_FLAGS, 0);
  add(AT_ENTRY, loader.entry);
  add(AT_SECURE, 0);
  add(AT_RANDOM, random);
  add(AT_EXECFN, exec_name);
  add(AT_PLATFORM, platform);
  constexpr unsigned long kRseqFeatureSize = 27, kRseqAlign = 28;
  for (unsigned long key :
       {static_cast<unsigned long>(AT_HWCAP), static_cast<unsigned long>(AT_HWCAP2),
        static_cast<unsigned long>(AT_CLKTCK), static_cast<unsigned long>(AT_UID), static_cast<unsigned long>(AT_EUID),
        static_cast<unsigned long>(AT_GID), static_cast<unsigned long>(AT_EGID),
        static_cast<unsigned long>(AT_MINSIGSTKSZ), kRseqFeatureSize, kRseqAlign}) {
    errno = 0;
    const unsigned long value = getauxval(key);
    if (value != 0 || errno == 0) add(key, value);
  }
  add(AT_NULL, 0);
}

struct FirstFrame {
  std::uintptr_t stack_pointer;
  GuestMemoryMap map;
};

FirstFrame write_stack(const GuestStart& start, const LoadedLoader& loader) {
  const std::vector<std::string> arguments = loader_arguments(start);
  StackWriter stack(CAIRN_STACK_TOP - 64);
  std::vector<std::uint64_t> environment_at(start.environment.size()), argument_at(arguments.size());
  FirstFrame frame;
  frame.map.env_end = stack.at();
  for (std::size_t i = start.environment.size(); i-- > 0;) environment_at[i] = stack.push_string(start.environment[i]);
  frame.map.env_start = stack.at();
  // What tools show as the command line is the program's: its name is put where the path in the loader's line would be.
  const std::size_t path_word = arguments.size() - 1 - start.program.arguments.size();
  for (std::size_t i = arguments.size(); i-- > path_word + 1;) argument_at[i] = stack.push_string(arguments[i]);
  argument_at[kNameWord] = stack.push_string(arguments[kNameWord]);
  for (std::size_t i = path_word + 1; i-- > 0;)
    if (i != kNameWord) argument_at[i] = stack.push_string(arguments[i]);
  const std::uint64_t platform = stack.push_string("x86_64");
  stack.align();
  std::uint8_t random[16] = {};
  if (getrandom(random, sizeof random, GRND_NONBLOCK) < 0)
    std::memcpy(random, reinterpret_cast<void*>(getauxval(AT_RANDOM)), sizeof random);
  const std::uint64_t random_at = stack.push(random, sizeof random);
  frame.map.arg_start = argument_at[kNameWord];
  frame.map.arg_end = frame.map.env_start;
  frame.map.stack = stack.at();

  std::vector<std::uint64_t> words = {arguments.size()};
  words.insert(words.end(), argument_at.begin(), argument_at.end());
  words.push_back(0);
  words.insert(words.end(), environment_at.begin(), environment_at.end());
  words.push_back(0);
  add_auxiliary(words, loader, random_at, platform, argument_at[0]);
  frame.stack_pointer = stack.push_words(words);
  return frame;
}

std::size_t text_size(const GuestStart& start) {
  std::size_t total = 0;
  for (const auto& s : start.environment) total += s.size() + 9;
  for (const auto& s : loader_arguments(start)) total += s.size() + 9;
  return total;
}

void map_stack(const GuestStart& start) {
  unsigned long size = start.stack_limit == RLIM_INFINITY ? kUnlimitedStack : start.stack_limit;
  size = page_up(std::clamp(size, kSmallestStack, kUnlimitedStack) + text_size(start));
  // MAP_GROWSDOWN: glibc makes the stack of a program that wants it executable with PROT_GROWSDOWN.
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE;
  void* wanted = reinterpret_cast<void*>(CAIRN_STACK_TOP - size);
  if (arena_mmap(wanted, size, PROT_READ | PROT_WRITE, flags, -1, 0) != wanted)
    throw EnvironmentError(with_errno("cannot map the program's stack", errno));
}

void block_brk() {
  void* above = reinterpret_cast<void*>(page_up(current_brk()));
  arena_mmap(above, 1UL << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

void start_guest(const GuestStart& start) {
  map_stack(start);
  const LoadedLoader loader = load_loader(start.program.interpreter);
  FirstFrame frame = write_stack(start, loader);
  frame.map.brk_start = frame.map.brk_current = CAIRN_BRK_BASE;
  if (!set_memory_map(frame.map)) block_brk();  // malloc then lives on mmap alone
  prctl(PR_SET_NAME, base_name(start.program.executed).c_str());
  // A library of the host (UCX) may have given this thread an alternate signal stack: a program starts without.
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
  // Registers are named, for rdx and rbp are emptied before the last operand is used.
  __asm__ volatile(
      "mov %0, %%rsp\n\t"
      "xor %%edx, %%edx\n\t"
      "xor %%ebp, %%ebp\n\t"
      "jmp *%1"
      :
      : "a"(frame.stack_pointer), "c"(loader.entry)
      : "memory");
  __builtin_unreachable();
}

}  // namespace cairn::host
