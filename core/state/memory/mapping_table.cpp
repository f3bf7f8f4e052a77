// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/mapping_table.hpp"

#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/line_reader.hpp"
#include "core/base/proc.hpp"
#include "core/base/shared_text.hpp"
#include "core/state/memory/area_text.hpp"

namespace cairn::state {
namespace {

// Takes numbers and single characters off the front of a line.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  std::uint64_t number(int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value, base);
    good_ = good_ && error == std::errc();
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }
  char one() {
    good_ = good_ && !text_.empty();
    if (!good_) return 0;
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  void expect(char c) { good_ = one() == c && good_; }
  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size())); }
  std::string_view rest() const { return text_; }
  bool good() const { return good_; }

 private:
  std::string_view text_;
  bool good_ = true;
};

// "7f00-7f01 rw-p 00000000 08:01 1234   /path with blanks"
bool parse_mapping(std::string_view line, Area& area, TextPool& texts) {
  Cursor at(line);
  area.start = at.number(16);
  at.expect('-');
  area.end = at.number(16);
  at.expect(' ');
  area.prot = at.one() == 'r' ? PROT_READ : 0;
  area.prot |= at.one() == 'w' ? PROT_WRITE : 0;
  area.prot |= at.one() == 'x' ? PROT_EXEC : 0;
  area.shared = at.one() == 's';
  at.expect(' ');
  area.file_offset = at.number(16);
  at.expect(' ');
  const auto device_major = static_cast<unsigned>(at.number(16));
  at.expect(':');
  area.device = makedev(device_major, static_cast<unsigned>(at.number(16)));
  at.expect(' ');
  area.inode = at.number(10);
  at.skip_blanks();
  area.path = texts.of(at.rest());
  return at.good();
}

std::uint64_t number_of(std::string_view text) {
  Cursor at(text);
  at.skip_blanks();
  return at.number(10);
}

// Memory that can only be executed gets a key from the kernel, and will again.
void check_key(const Area& area, std::uint64_t key) {
  if (key != 0 && area.prot != PROT_EXEC)
    throw TemporaryError("memory with a protection key (pkey_mprotect) mapped at " + range(area) +
                         " cannot be saved yet");
}

// A restart can ask for the usual size only.
void check_page_size(const Area& area, std::uint64_t kibibytes) {
  if (kibibytes * 1024 == CAIRN_PAGE_SIZE) return;
  static const std::uint64_t usual =
      to_number(field(read_file("/proc/meminfo").value_or(""), "Hugepagesize"));  // "2048 kB"
  if (kibibytes != usual)
    throw TemporaryError("huge pages of " + std::to_string(kibibytes) + " KiB mapped at " + range(area) +
                         " cannot be saved yet; those of the usual size, " + std::to_string(usual) + " KiB, can");
}

bool belongs_to_guest(const Area& area) { return area.end <= CAIRN_FIXED_BASE; }

}  // namespace

std::vector<Area> read_guest_mappings(MappingDetail detail, std::vector<Area>* above) {
  constexpr std::string_view key = "ProtectionKey:", page_size = "KernelPageSize:", flags = "VmFlags: ";
  LineReader lines(detail == MappingDetail::all ? "/proc/self/smaps" : "/proc/self/maps");
  std::vector<Area> areas;
  TextPool texts;
  bool inside = false;
  for (std::string_view line; lines.next(line);) {
    // A range begins with lower-case hexadecimal digits, the lines below it with a capital.
    if (!line.empty() && (line[0] < 'A' || line[0] > 'Z')) {
      Area area;
      const bool read = parse_mapping(line, area, texts);
      inside = read && belongs_to_guest(area);
      if (inside) {
        areas.push_back(std::move(area));
      } else if (read && above == nullptr) {
        break;  // none above it belongs to the guest
      } else if (read && area.start >= CAIRN_ARENA_TOP) {
        above->push_back(std::move(area));
      }
    } else if (inside && line.starts_with(key)) {
      check_key(areas.back(), number_of(line.substr(key.size())));
    } else if (inside && line.starts_with(page_size)) {
      check_page_size(areas.back(), number_of(line.substr(page_size.size())));
    } else if (inside && line.starts_with(flags)) {
      line.remove_prefix(flags.size());
      while (line.ends_with(' ')) line.remove_suffix(1);
      areas.back().vm_flags = texts.of(line);
    }
  }
  return areas;
}

}  // namespace cairn::state
