// SPDX-License-Identifier: Apache-2.0
#include "core/guest/exec_image.hpp"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/host.hpp"
#include "core/guest/never_hosted.hpp"
#include "core/guest/system_v.hpp"

namespace cairn::guest {
namespace {

constexpr int kMaxInterpreters = 5;  // as the kernel
constexpr std::size_t kHead = 4096;
constexpr const char* kLoaderName = "ld-linux-x86-64.so.2";

class File {
 public:
  explicit File(const char* path)
      : fd_(static_cast<int>(
            raw_syscall(SYS_openat, AT_FDCWD, address(path), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK))) {}
  ~File() {
    if (fd_ >= 0) raw_syscall(SYS_close, fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool open() const { return fd_ >= 0; }
  long read_at(void* buffer, std::size_t size, unsigned long at) const {
    return raw_syscall(SYS_pread64, fd_, address(buffer), static_cast<long>(size), static_cast<long>(at));
  }
  // Neither more privileges than the caller's, nor anything but a regular file.
  bool plain() const {
    struct stat status;
    if (raw_syscall(SYS_fstat, fd_, address(&status)) != 0 || !S_ISREG(status.st_mode)) return false;
    if ((status.st_mode & S_ISUID) != 0 || (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) return false;
    return raw_syscall(SYS_fgetxattr, fd_, address("security.capability"), 0, 0) <= 0;
  }

 private:
  int fd_;
};

bool executable(const char* path) {
  constexpr long kAsEffective = 0x200;  // AT_EACCESS
  const long result = raw_syscall(SYS_faccessat2, AT_FDCWD, address(path), 1 /* X_OK */, kAsEffective);
  return result == 0 || (result == -38 /* ENOSYS */ && raw_syscall(SYS_faccessat, AT_FDCWD, address(path), 1) == 0);
}

bool hostable_elf(const File& file, const char* head, std::size_t size) {
  Elf64_Ehdr header;
  if (size < sizeof header) return false;
  memcpy(&header, head, sizeof header);
  const bool ours = memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
                    header.e_machine == EM_X86_64 && header.e_phentsize == sizeof(Elf64_Phdr);
  if (!ours || (header.e_type != ET_EXEC && header.e_type != ET_DYN)) return false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (file.read_at(&segment, sizeof segment, header.e_phoff + i * sizeof segment) != sizeof segment) return false;
    if (segment.p_type != PT_INTERP) continue;
    char loader[256] = {};
    if (segment.p_filesz >= sizeof loader) return false;
    if (file.read_at(loader, segment.p_filesz, segment.p_offset) != static_cast<long>(segment.p_filesz)) return false;
    return strcmp(base_name(loader), kLoaderName) == 0 && executable(loader);
  }
  return false;
}

// "#! interpreter ..." -> interpreter, in place. False if the line is not one the kernel would take.
bool shebang(char* head, std::size_t size, char* interpreter) {
  if (size < 3 || head[0] != '#' || head[1] != '!') return false;
  std::size_t from = 2;
  while (from < size && (head[from] == ' ' || head[from] == '\t')) ++from;
  std::size_t to = from;
  while (to < size && head[to] != ' ' && head[to] != '\t' && head[to] != '\n' && head[to] != '\0') ++to;
  if (to == from || to == size || to - from >= 256) return false;
  memcpy(interpreter, head + from, to - from);
  interpreter[to - from] = '\0';
  return true;
}

}  // namespace

bool can_be_hosted(const char* path) {
  char interpreter[256];
  char head[kHead];
  if (path == nullptr || never_hosted(path)) return false;
  for (int depth = 0; depth <= kMaxInterpreters; ++depth) {
    if (!executable(path)) return false;
    const File file(path);
    if (!file.open() || !file.plain()) return false;
    const long size = file.read_at(head, sizeof head, 0);
    if (size <= 0) return false;
    if (!shebang(head, static_cast<std::size_t>(size), interpreter))
      return hostable_elf(file, head, static_cast<std::size_t>(size));
    path = interpreter;
  }
  return false;
}

std::size_t HostCommand::word_count(char* const* argv) {
  std::size_t n = 0;
  while (argv != nullptr && argv[n] != nullptr) ++n;
  // host, options, --cairn-landlocked, --cairn-system-v, --cairn-argv0, --, program, null
  return n + 7 + sizeof table().host_options / 2;
}

std::size_t HostCommand::text_size(const char* path, char* const* argv) {
  const std::size_t name = argv != nullptr && argv[0] != nullptr ? strlen(argv[0]) : 0;
  return strlen(path) + name + sizeof table().host_options + 64 + changed_numbers_size();
}

const char* HostCommand::keep(const char* first, const char* second) {
  char* const start = text_;
  const std::size_t n = strlen(first), m = strlen(second);
  memcpy(text_, first, n);
  memcpy(text_ + n, second, m + 1);
  text_ += n + m + 1;
  return start;
}

void HostCommand::add_options() {
  char* text = text_;
  keep(table().host_options);
  while (*text != '\0') {
    while (*text == ' ') *text++ = '\0';
    if (*text == '\0') break;
    words_[count_++] = text;
    while (*text != '\0' && *text != ' ') ++text;
  }
}

void HostCommand::add_numbers() {
  const std::size_t size = changed_numbers_size();
  if (size == 1) return;
  words_[count_++] = keep("--cairn-system-v=");
  write_changed_numbers(text_ - 1, size);
  text_ += size - 1;
}

char* const* HostCommand::build(const char* path, char* const* argv) {
  const char* const name = argv != nullptr && argv[0] != nullptr ? argv[0] : "";
  words_[count_++] = table().host_path;
  add_options();
  if ((load(cairn_guest_self.untold) & CAIRN_UNTOLD_LANDLOCK) != 0) words_[count_++] = "--cairn-landlocked";
  add_numbers();
  if (strcmp(name, path) != 0) words_[count_++] = keep("--cairn-argv0=", name);
  words_[count_++] = "--";
  // Without a slash the host would search PATH.
  words_[count_++] = strchr(path, '/') != nullptr ? path : keep("./", path);
  for (std::size_t i = 1; argv != nullptr && argv[0] != nullptr && argv[i] != nullptr; ++i) words_[count_++] = argv[i];
  words_[count_] = nullptr;
  return const_cast<char* const*>(words_);
}

}  // namespace cairn::guest
