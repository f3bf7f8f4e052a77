// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a datatype lie, in the order of its map: what MPI_Pack would do, for memory that the library
// cannot reach. The library is asked once for each datatype, and knows the same after a restart. In a section.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

struct Span {
  MPI_Aint offset;
  std::size_t bytes;
};

struct Layout {
  std::size_t size = 0;        // bytes of one
  MPI_Aint extent = 0;         // from one to the next
  MPI_Aint low = 0, high = 0;  // what one touches: [low, high)
  bool dense = false;          // any number of them is one piece
  bool overlaps = false;       // bytes are there more than once: it can only be read
  std::vector<Span> spans;     // of one; those of an overlapping one do not say it all
};

// Null, and an MPI error code, if no data can be moved with it. Kept with the datatype.
const Layout* layout_of(MPI_Datatype type, int* error);

// The predefined datatype that it consists of, and the layout of that one; null if there are several.
MPI_Datatype basic_of(MPI_Datatype type);

// Calls visit(offset, bytes) for the pieces of `count` of them.
template <class Visit>
void for_each_piece(const Layout& layout, int count, Visit&& visit) {
  if (layout.dense) {
    if (count > 0 && layout.size != 0) visit(MPI_Aint{0}, layout.size * static_cast<std::size_t>(count));
    return;
  }
  for (int i = 0; i < count; ++i)
    for (const Span& span : layout.spans) visit(i * layout.extent + span.offset, span.bytes);
}

// Bytes of the program, in the order of the map.
class Packed {
 public:
  // To be filled: scatter() then puts them into their places.
  Packed(const Layout& layout, int count, void* buffer);
  // Reads them.
  static Packed gather(const Layout& layout, int count, MPI_Datatype type, const void* buffer);
  void scatter() const noexcept;

  unsigned char* data() noexcept { return direct_ != nullptr ? direct_ : copy_.data(); }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  const Layout& layout_;
  int count_;
  unsigned char* buffer_;
  unsigned char* direct_ = nullptr;  // they lie like that
  std::size_t bytes_;
  std::vector<unsigned char> copy_;
};

}  // namespace cairn::shim
