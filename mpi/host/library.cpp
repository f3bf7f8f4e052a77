// SPDX-License-Identifier: Apache-2.0
#include "mpi/host/library.hpp"

namespace cairn::mpi {

Library::Library(const dl_phdr_info& info) : path_(info.dlpi_name), base_(info.dlpi_addr) {
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info.dlpi_phdr[i];
    const std::uint64_t start = base_ + header.p_vaddr;
    if (header.p_type == PT_LOAD) segments_.emplace_back(start, start + header.p_memsz);
    if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) code_.push_back(segments_.back());
    if (header.p_type == PT_TLS) thread_local_ = true;
    if (header.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(start);
  }
  if (dynamic != nullptr) read_dynamic(dynamic);
}

// ld.so has made addresses of what were offsets; in the kernel's vdso they still are.
void Library::read_dynamic(const ElfW(Dyn) * entry) {
  const auto at = [this](ElfW(Addr) value) { return value < base_ ? base_ + value : value; };
  for (; entry->d_tag != DT_NULL; ++entry) {
    switch (entry->d_tag) {
      case DT_SYMTAB:
        symbols_ = reinterpret_cast<const ElfW(Sym)*>(at(entry->d_un.d_ptr));
        break;
      case DT_STRTAB:
        texts_ = reinterpret_cast<const char*>(at(entry->d_un.d_ptr));
        break;
      case DT_RELA:
        relocations_ = reinterpret_cast<const ElfW(Rela)*>(at(entry->d_un.d_ptr));
        break;
      case DT_RELASZ:
        relocation_count_ = entry->d_un.d_val / sizeof(ElfW(Rela));
        break;
      case DT_JMPREL:
        lazy_ = reinterpret_cast<const ElfW(Rela)*>(at(entry->d_un.d_ptr));
        break;
      case DT_PLTRELSZ:
        lazy_count_ = entry->d_un.d_val / sizeof(ElfW(Rela));
        break;
      case DT_BIND_NOW:
        bound_at_once_ = true;
        break;
      case DT_FLAGS:
        bound_at_once_ |= (entry->d_un.d_val & DF_BIND_NOW) != 0;
        break;
      case DT_FLAGS_1:
        bound_at_once_ |= (entry->d_un.d_val & DF_1_NOW) != 0;
        break;
      default:
        break;
    }
  }
  for_each_relocation([this](const ElfW(Rela) & relocation, bool) {
    const auto type = ELF64_R_TYPE(relocation.r_info);
    thread_local_ |=
        type == R_X86_64_TPOFF64 || type == R_X86_64_DTPMOD64 || type == R_X86_64_DTPOFF64 || type == R_X86_64_TLSDESC;
  });
}

template <class Visit>
void Library::for_each_relocation(Visit visit) const {
  for (std::size_t i = 0; i < relocation_count_; ++i) visit(relocations_[i], false);
  for (std::size_t i = 0; i < lazy_count_; ++i) visit(lazy_[i], true);
}

bool Library::is_in(const Ranges& ranges, std::uint64_t address) noexcept {
  for (const auto& [start, end] : ranges)
    if (address >= start && address < end) return true;
  return false;
}

std::vector<Binding> Library::bindings() const {
  std::vector<Binding> result;
  for_each_relocation([&](const ElfW(Rela) & relocation, bool lazy) {
    const auto type = ELF64_R_TYPE(relocation.r_info);
    const auto number = ELF64_R_SYM(relocation.r_info);
    if (number == 0 || (type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT && type != R_X86_64_64)) return;
    const ElfW(Sym)& symbol = symbols_[number];
    result.push_back({reinterpret_cast<std::uint64_t*>(base_ + relocation.r_offset), texts_ + symbol.st_name,
                      symbol.st_shndx == SHN_UNDEF ? 0 : base_ + symbol.st_value, lazy});
  });
  return result;
}

std::vector<Library> loaded_libraries() {
  std::vector<Library> result;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        static_cast<std::vector<Library>*>(data)->emplace_back(*info);
        return 0;
      },
      &result);
  return result;
}

}  // namespace cairn::mpi
