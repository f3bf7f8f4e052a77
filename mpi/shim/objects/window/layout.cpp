// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/layout.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>

#include "mpi/shim/objects/datatype/types.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

// From the first byte of a datatype to its last: finding the places in between takes six times that, once.
constexpr MPI_Aint kFarthest = MPI_Aint{1} << 30;

int unpack(MPI_Datatype type, const std::vector<unsigned char>& packed, unsigned char* origin) {
  int position = 0;
  return cross(real.Unpack, static_cast<const void*>(packed.data()), static_cast<int>(packed.size()), &position,
               static_cast<void*>(origin), 1, to_real(type), real_objects.comm_self);
}

// Which byte of the packed form goes to which place: unpacks numbers, one digit of 256 at a time.
int ask_places(MPI_Datatype type, const Layout& layout, std::vector<std::uint32_t>& number, std::vector<bool>& there) {
  const auto reach = static_cast<std::size_t>(layout.high - layout.low);
  std::vector<unsigned char> packed(layout.size, 0xff), memory(reach, 0);
  int rc = unpack(type, packed, memory.data() - layout.low);
  for (std::size_t at = 0; at < reach; ++at) there[at] = memory[at] != 0;
  for (unsigned shift = 0; rc == MPI_SUCCESS && (layout.size - 1) >> shift != 0; shift += 8) {
    for (std::size_t i = 0; i < layout.size; ++i) packed[i] = static_cast<unsigned char>(i >> shift);
    rc = unpack(type, packed, memory.data() - layout.low);
    for (std::size_t at = 0; at < reach; ++at)
      if (there[at]) number[at] |= static_cast<std::uint32_t>(memory[at]) << shift;
  }
  return rc;
}

int find_spans(MPI_Datatype type, Layout& layout) {
  const auto reach = static_cast<std::size_t>(layout.high - layout.low);
  std::vector<std::uint32_t> number(reach, 0);
  std::vector<bool> there(reach, false);
  if (const int rc = ask_places(type, layout, number, there); rc != MPI_SUCCESS) return rc;
  struct Run {
    std::uint32_t number;
    Span span;
  };
  std::vector<Run> runs;
  std::size_t found = 0;
  for (std::size_t at = 0; at < reach; ++at) {
    if (!there[at]) continue;
    ++found;
    if (at != 0 && there[at - 1] && number[at] == number[at - 1] + 1)
      ++runs.back().span.bytes;
    else
      runs.push_back({number[at], {layout.low + static_cast<MPI_Aint>(at), 1}});
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) { return a.number < b.number; });
  for (const Run& run : runs) layout.spans.push_back(run.span);
  layout.overlaps = found != layout.size;
  return MPI_SUCCESS;
}

int learn(MPI_Datatype type, Layout& layout) {
  MPI_Aint lower = 0, reach = 0;
  int size = 0;
  RealDatatype* const asked = to_real(type);
  int rc = cross(real.Type_size, asked, &size);
  if (rc == MPI_SUCCESS) rc = cross(real.Type_get_extent, asked, &lower, &layout.extent);
  if (rc == MPI_SUCCESS) rc = cross(real.Type_get_true_extent, asked, &layout.low, &reach);
  if (rc != MPI_SUCCESS) return rc;
  if (size < 0) return MPI_ERR_TYPE;  // of 2 GiB or more
  if (reach > kFarthest) return MPI_ERR_NO_MEM;
  layout.size = static_cast<std::size_t>(size);
  layout.high = layout.low + reach;
  const bool solid = layout.size == static_cast<std::size_t>(reach) && layout.low == 0;
  if (solid && type->recipe == nullptr)
    layout.spans.push_back({0, layout.size});
  else if (layout.size != 0)
    rc = find_spans(type, layout);
  layout.dense = layout.size == 0 || (layout.spans.size() == 1 && layout.spans[0].offset == 0 && !layout.overlaps &&
                                      static_cast<MPI_Aint>(layout.size) == layout.extent);
  return rc;
}

}  // namespace

const Layout* layout_of(MPI_Datatype type, int* error) {
  *error = MPI_ERR_TYPE;
  if (!usable(type) || (type->recipe != nullptr && !type->recipe->committed && !type->recipe->permanent))
    return nullptr;
  const Layout*& known = type->recipe == nullptr ? type->layout : type->recipe->layout;
  *error = MPI_SUCCESS;
  if (known != nullptr) return known;
  auto learned = std::make_unique<Layout>();
  try {
    *error = learn(type, *learned);
  } catch (const std::exception&) {  // no memory
    *error = MPI_ERR_NO_MEM;
  }
  if (*error != MPI_SUCCESS) return nullptr;
  known = learned.release();
  return known;
}

void forget_layout(const Layout* layout) noexcept { delete layout; }

MPI_Datatype basic_of(MPI_Datatype type) {
  if (type->recipe == nullptr || type->recipe->permanent) return type;
  MPI_Datatype basic = nullptr;
  std::vector<const TypeRecipe*> left{type->recipe};
  while (!left.empty()) {
    const TypeRecipe* const recipe = left.back();
    left.pop_back();
    for (const TypeChild& child : recipe->children) {
      const bool leaf = child.recipe == nullptr || child.recipe->permanent;
      if (!leaf) {
        left.push_back(child.recipe);
        continue;
      }
      MPI_Datatype const one = child.recipe == nullptr ? child.predefined : child.recipe->handle;
      if (basic != nullptr && one != basic) return nullptr;
      basic = one;
    }
  }
  return basic;
}

Packed::Packed(const Layout& layout, int count, void* buffer)
    : layout_(layout),
      count_(count),
      buffer_(static_cast<unsigned char*>(buffer)),
      bytes_(layout.size * static_cast<std::size_t>(count)) {
  if (layout.dense)
    direct_ = buffer_;
  else
    copy_.resize(bytes_);
}

Packed Packed::gather(const Layout& layout, int count, MPI_Datatype type, const void* buffer) {
  auto* const from = static_cast<unsigned char*>(const_cast<void*>(buffer));
  Packed packed(layout, count, from);
  if (layout.dense) return packed;
  unsigned char* to = packed.copy_.data();
  if (layout.overlaps) {
    int position = 0;
    for (int i = 0; i < count; ++i, position = 0)
      cross(real.Pack, static_cast<const void*>(from + i * layout.extent), 1, to_real(type),
            static_cast<void*>(to + static_cast<std::size_t>(i) * layout.size), static_cast<int>(layout.size),
            &position, real_objects.comm_self);
    return packed;
  }
  for_each_piece(layout, count, [&](MPI_Aint offset, std::size_t bytes) {
    std::memcpy(to, from + offset, bytes);
    to += bytes;
  });
  return packed;
}

void Packed::scatter() const noexcept {
  if (layout_.dense) return;
  const unsigned char* from = copy_.data();
  for_each_piece(layout_, count_, [&](MPI_Aint offset, std::size_t bytes) {
    std::memcpy(buffer_ + offset, from, bytes);
    from += bytes;
  });
}

}  // namespace cairn::shim
