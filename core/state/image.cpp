// SPDX-License-Identifier: Apache-2.0
#include "core/state/image.hpp"

#include <algorithm>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/state/kinds.hpp"

namespace cairn::state {
namespace {

bool in_arena(std::uint64_t address, std::uint64_t length) {
  return address >= CAIRN_PAGE_SIZE && length <= CAIRN_FIXED_BASE && address <= CAIRN_FIXED_BASE - length;
}

void read_section(Image& image, const Kind& kind) {
  const auto section = image.reader().section(kind.section);
  const std::string name = std::string("section '") + kind.name + "'";
  if (!section && kind.required) image.contradiction(name + " is missing");
  if (!section) return;
  if (section->version < kind.oldest || section->version > kind.version) {
    image.contradiction(name + " is of version " + std::to_string(section->version) + ", this program knows " +
                        (kind.oldest < kind.version ? std::to_string(kind.oldest) + " to " : "") +
                        std::to_string(kind.version));
  }
  try {
    kind.read(image, section->bytes, section->version);
  } catch (const PermanentError& error) {
    image.contradiction(error.what());
  }
}

}  // namespace

bool Image::is_stored(std::uint64_t address, std::uint64_t length) const {
  if (!in_arena(address, length)) return false;
  std::uint64_t at = address;
  const auto& areas = reader_.areas();  // ascending
  auto next = std::partition_point(areas.begin(), areas.end(), [at](const auto& a) { return a.area.end <= at; });
  for (; next != areas.end() && next->area.start <= at; ++next) {
    at = next->area.end;
    if (at >= address + length) return true;
  }
  return false;
}

void Image::contradiction(const std::string& what) const { throw PermanentError(reader_.name() + ": " + what); }

Image read_image(const std::string& path) { return read_image(context::Reader::open(path)); }

Image read_image(context::Reader reader) {
  Image image(std::move(reader));
  for (const Kind* kind : kinds()) {
    if (kind->read != nullptr) read_section(image, *kind);
  }
  for (const Kind* kind : kinds()) {
    if (kind->check != nullptr) kind->check(image);
  }
  return image;
}

}  // namespace cairn::state
