// SPDX-License-Identifier: Apache-2.0
// The build-id of an ELF file: elf(5), "Notes (Nhdr)". The file may be anything: every offset is checked.
#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/context/object_store.hpp"

namespace cairn::context {

namespace {

constexpr std::size_t kMaxNotes = 1u << 16;
constexpr unsigned kMaxHeaders = 256;

bool read_exactly(int fd, void* to, std::size_t bytes, std::uint64_t offset) {
  return pread(fd, to, bytes, static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes);
}

bool search_notes(const std::vector<std::uint8_t>& notes, std::size_t align, std::vector<std::uint8_t>& id) {
  std::size_t at = 0;
  const auto padded = [align](std::size_t n) { return (n + align - 1) / align * align; };
  while (at + sizeof(Elf64_Nhdr) <= notes.size()) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data() + at, sizeof note);
    at += sizeof note;
    const std::size_t name_size = padded(note.n_namesz), desc_size = padded(note.n_descsz);
    if (name_size > notes.size() - at || desc_size > notes.size() - at - name_size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes.data() + at, "GNU", 4) == 0) {
      id.resize(std::min<std::size_t>(note.n_descsz, 32));
      std::memcpy(id.data(), notes.data() + at + name_size, id.size());
      return !id.empty();
    }
    at += name_size + desc_size;
  }
  return false;
}

}  // namespace

std::vector<std::uint8_t> build_id(int fd) {
  Elf64_Ehdr header;
  if (!read_exactly(fd, &header, sizeof header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return {};
  }
  for (unsigned i = 0; i < std::min<unsigned>(header.e_phnum, kMaxHeaders); ++i) {
    Elf64_Phdr segment;
    if (!read_exactly(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment)) return {};
    if (segment.p_type != PT_NOTE || segment.p_filesz > kMaxNotes) continue;
    std::vector<std::uint8_t> notes(segment.p_filesz);
    if (!read_exactly(fd, notes.data(), notes.size(), segment.p_offset)) continue;
    if (std::vector<std::uint8_t> id; search_notes(notes, segment.p_align == 8 ? 8 : 4, id)) return id;
  }
  return {};
}

}  // namespace cairn::context
