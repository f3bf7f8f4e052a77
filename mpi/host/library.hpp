// SPDX-License-Identifier: Apache-2.0
// A loaded library as ld.so has left it: what it is bound to. Host threads; valid while nothing is unloaded.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::mpi {

// A place where the address of a symbol stands that the library names.
struct Binding {
  std::uint64_t* place;
  const char* name;
  std::uint64_t own;  // the library's own definition; 0: it has none
  bool lazy;          // a place that ld.so may fill at the first call (JUMP_SLOT)
};

class Library {
 public:
  explicit Library(const dl_phdr_info& info);

  const std::string& path() const noexcept { return path_; }
  std::string name() const { return path_.substr(path_.rfind('/') + 1); }
  std::uint64_t base() const noexcept { return base_; }
  bool is_program() const noexcept { return path_.empty(); }
  bool contains(std::uint64_t address) const noexcept { return is_in(segments_, address); }
  bool is_code(std::uint64_t address) const noexcept { return is_in(code_, address); }
  // Has it thread-local state, or uses another's without a call?
  bool thread_local_state() const noexcept { return thread_local_; }
  // Were its places filled when it was loaded, and made read-only?
  bool bound_at_once() const noexcept { return bound_at_once_; }
  std::vector<Binding> bindings() const;

 private:
  using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  static bool is_in(const Ranges& ranges, std::uint64_t address) noexcept;
  void read_dynamic(const ElfW(Dyn) * entry);
  template <class Visit>
  void for_each_relocation(Visit visit) const;

  std::string path_;
  std::uint64_t base_;
  Ranges segments_, code_;
  const ElfW(Sym) * symbols_ = nullptr;
  const char* texts_ = nullptr;
  const ElfW(Rela) * relocations_ = nullptr;
  const ElfW(Rela) * lazy_ = nullptr;
  std::size_t relocation_count_ = 0, lazy_count_ = 0;
  bool thread_local_ = false, bound_at_once_ = false;
};

// All that are loaded; the program is the first.
std::vector<Library> loaded_libraries();

}  // namespace cairn::mpi
