// SPDX-License-Identifier: Apache-2.0
#include "mpi/host/may_call_mpi.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/base/unique_fd.hpp"

namespace cairn::mpi {
namespace {

// Of which none calls MPI, or opens a library that a user has chosen.
constexpr std::array<std::string_view, 22> kPlain = {
    "libc.so.6",        "libm.so.6",       "libpthread.so.0", "libdl.so.2",      "librt.so.1",   "ld-linux-x86-64.so.2",
    "libgcc_s.so.1",    "libstdc++.so.6",  "libtinfo.so.6",   "libselinux.so.1", "libacl.so.1",  "libattr.so.1",
    "libcap.so.2",      "libz.so.1",       "libbz2.so.1.0",   "liblzma.so.5",    "libzstd.so.1", "libgmp.so.10",
    "libreadline.so.8", "libsigsegv.so.2", "libmpfr.so.6",    "libpcre2-8.so.0"};
constexpr std::array<std::string_view, 6> kOpenTheirOwn = {"bash", "rbash", "make", "gawk", "zsh", "zsh5"};

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// A file in memory, of which nothing is believed.
class Elf {
 public:
  explicit Elf(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0) return;
    size_ = static_cast<std::size_t>(status.st_size);
    void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (memory == MAP_FAILED) return;
    bytes_ = static_cast<const char*>(memory);
    read();
  }
  ~Elf() {
    if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
  }
  Elf(const Elf&) = delete;
  Elf& operator=(const Elf&) = delete;

  bool understood() const { return understood_; }
  const std::vector<std::string_view>& needed() const { return needed_; }
  // Names of symbols may be ends of longer ones: more may be found than there are.
  bool names(std::string_view symbol) const {
    const std::string whole = std::string(symbol) + '\0';
    return texts_.find(whole) != std::string_view::npos;
  }

 private:
  template <class T>
  bool get(std::uint64_t at, T& value) const {
    if (at > size_ || sizeof(T) > size_ - at) return false;
    std::memcpy(&value, bytes_ + at, sizeof(T));
    return true;
  }

  void read() {
    Elf64_Ehdr header;
    if (!get(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return;
    Elf64_Phdr dynamic{};
    std::vector<Elf64_Phdr> loaded;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr segment;
      if (!get(header.e_phoff + std::uint64_t{i} * sizeof segment, segment)) return;
      if (segment.p_type == PT_DYNAMIC) dynamic = segment;
      if (segment.p_type == PT_LOAD) loaded.push_back(segment);
    }
    std::uint64_t texts = 0, texts_size = 0;
    std::vector<std::uint64_t> needed;
    Elf64_Dyn entry;
    for (std::uint64_t at = 0; at < dynamic.p_filesz && get(dynamic.p_offset + at, entry); at += sizeof entry) {
      if (entry.d_tag == DT_NULL) break;
      if (entry.d_tag == DT_NEEDED) needed.push_back(entry.d_un.d_val);
      if (entry.d_tag == DT_STRTAB) texts = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRSZ) texts_size = entry.d_un.d_val;
    }
    for (const Elf64_Phdr& segment : loaded) {
      if (texts < segment.p_vaddr || texts - segment.p_vaddr >= segment.p_filesz) continue;
      const std::uint64_t at = texts - segment.p_vaddr + segment.p_offset;
      if (at < size_ && texts_size <= size_ - at) texts_ = {bytes_ + at, texts_size};
    }
    for (const std::uint64_t name : needed) {
      if (name >= texts_.size()) return;
      const std::string_view rest = texts_.substr(name);
      needed_.push_back(rest.substr(0, rest.find('\0')));
    }
    understood_ = !texts_.empty();
  }

  const char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::string_view texts_;
  std::vector<std::string_view> needed_;
  bool understood_ = false;
};

}  // namespace

bool may_call_mpi(const std::string& program) {
  if (is_set("LD_PRELOAD") || is_set("LD_AUDIT")) return true;
  const Elf elf(program);
  if (!elf.understood()) return true;
  const auto plain = [](std::string_view name) { return is_among(kPlain, name); };
  if (!std::all_of(elf.needed().begin(), elf.needed().end(), plain)) return true;
  if (is_among(kOpenTheirOwn, std::string_view(program).substr(program.rfind('/') + 1))) return false;
  return elf.names("dlopen") || elf.names("dlmopen");
}

}  // namespace cairn::mpi
