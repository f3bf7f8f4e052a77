// SPDX-License-Identifier: Apache-2.0
// Puts and gets.
#include "mpi/shim/objects/window/transfer.hpp"

#include <algorithm>
#include <cstring>

#include "mpi/p2p/adopt.hpp"
#include "mpi/shim/objects/window/far.hpp"
#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

int check_target(const LocalWindow& window, const Target& target) noexcept {
  if (target.count < 0) return MPI_ERR_COUNT;
  if (target.rank != MPI_PROC_NULL && (target.rank < 0 || target.rank >= window.size)) return MPI_ERR_RANK;
  if (!usable(target.type)) return MPI_ERR_TYPE;
  return window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC && target.displacement < 0 ? MPI_ERR_DISP : MPI_SUCCESS;
}

int check_buffer(const Buffer& buffer) noexcept {
  if (buffer.count < 0) return MPI_ERR_COUNT;
  return usable(buffer.type) ? MPI_SUCCESS : MPI_ERR_TYPE;
}

bool reach_of_all(const Reach& one, int count, MPI_Aint& low, MPI_Aint& high) noexcept {
  MPI_Aint last = 0;
  if (__builtin_mul_overflow(MPI_Aint{count - 1}, one.extent, &last)) return false;
  low = one.low + std::min<MPI_Aint>(0, last);
  high = one.high + std::max<MPI_Aint>(0, last);
  return true;
}

bool is_within(const WindowMember& member, const Target& target, const Reach& reach) noexcept {
  MPI_Aint low = 0, high = 0, at = 0;
  if (!reach_of_all(reach, target.count, low, high)) return false;
  if (__builtin_mul_overflow(target.displacement, MPI_Aint{member.unit}, &at)) return false;
  return at >= -low && at <= member.bytes - high;
}

bool Place::is_allowed(const LocalWindow& window, const Target& target) const noexcept {
  if (bytes() == 0) return true;
  const Reach reach{layout_->low, layout_->high, layout_->extent};
  if (window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC)
    return is_within(window.members[static_cast<std::size_t>(target.rank)], target, reach);
  MPI_Aint low = 0, high = 0;
  return reach_of_all(reach, count_, low, high) &&
         window.control.is_attached(target.rank, address_ + static_cast<std::uint64_t>(low),
                                    address_ + static_cast<std::uint64_t>(high));
}

int Place::find(const LocalWindow& window, const Target& target) {
  int rc = MPI_SUCCESS;
  layout_ = layout_of(target.type, &rc);
  if (layout_ == nullptr) return rc;
  count_ = target.count;
  const WindowMember& member = window.members[static_cast<std::size_t>(target.rank)];
  const bool local = member.seen != nullptr || target.rank == window.rank;
  const auto offset = static_cast<std::uint64_t>(target.displacement);
  if (!local) process_ = member.process;
  if (window.shape.flavor == MPI_WIN_FLAVOR_DYNAMIC)
    address_ = offset;
  else
    address_ = (local ? reinterpret_cast<std::uint64_t>(member.seen) : member.base) +
               offset * static_cast<std::uint64_t>(member.unit);
  return is_allowed(window, target) ? MPI_SUCCESS : MPI_ERR_RMA_RANGE;
}

// Calls copy(pieces, how many) with what it is made of.
template <class Copy>
bool Place::copy_pieces(Copy&& copy) const {
  if (layout_->dense) {
    const RemotePiece piece{address_, bytes()};
    return copy(&piece, std::size_t{1});
  }
  std::vector<RemotePiece> all;
  for_each_piece(*layout_, count_, [&](MPI_Aint offset, std::size_t bytes) {
    all.push_back({address_ + static_cast<std::uint64_t>(offset), bytes});
  });
  return copy(all.data(), all.size());
}

int Place::read(void* packed) const {
  if (overlaps()) return MPI_ERR_TYPE;
  if (process_ >= 0) {
    const bool copied = copy_pieces(
        [&](const RemotePiece* pieces, std::size_t count) { return read_pieces(process_, pieces, count, packed); });
    return copied ? MPI_SUCCESS : MPI_ERR_RMA_RANGE;
  }
  auto* to = static_cast<unsigned char*>(packed);
  for_each_piece(*layout_, count_, [&](MPI_Aint offset, std::size_t bytes) {
    std::memmove(to, reinterpret_cast<const unsigned char*>(address_) + offset, bytes);
    to += bytes;
  });
  return MPI_SUCCESS;
}

int Place::write(const void* packed) const {
  if (overlaps()) return MPI_ERR_TYPE;
  if (process_ >= 0) {
    const bool copied = copy_pieces(
        [&](const RemotePiece* pieces, std::size_t count) { return write_pieces(process_, pieces, count, packed); });
    return copied ? MPI_SUCCESS : MPI_ERR_RMA_RANGE;
  }
  const auto* from = static_cast<const unsigned char*>(packed);
  for_each_piece(*layout_, count_, [&](MPI_Aint offset, std::size_t bytes) {
    std::memmove(reinterpret_cast<unsigned char*>(address_) + offset, from, bytes);
    from += bytes;
  });
  return MPI_SUCCESS;
}

namespace {

// Both sides are as long as each other in a right program.
int fits(const Place& place, std::size_t bytes) noexcept {
  return place.bytes() == bytes ? MPI_SUCCESS : MPI_ERR_TRUNCATE;
}

int put(LocalWindow& window, const Buffer& origin, const Target& target) {
  if (const int rc = check_buffer(origin); rc != MPI_SUCCESS) return rc;
  return operate(window, target, [&](const Place& place) {
    int rc = MPI_SUCCESS;
    const Layout* const layout = layout_of(origin.type, &rc);
    if (layout == nullptr) return rc;
    Packed packed = Packed::gather(*layout, origin.count, origin.type, origin.start);
    rc = fits(place, packed.bytes());
    return rc == MPI_SUCCESS ? place.write(packed.data()) : rc;
  });
}

int get(LocalWindow& window, const Buffer& origin, const Target& target) {
  if (const int rc = check_buffer(origin); rc != MPI_SUCCESS) return rc;
  return operate(window, target, [&](const Place& place) {
    int rc = MPI_SUCCESS;
    const Layout* const layout = layout_of(origin.type, &rc);
    if (layout == nullptr) return rc;
    Packed packed(*layout, origin.count, const_cast<void*>(origin.start));
    rc = fits(place, packed.bytes());
    if (rc == MPI_SUCCESS) rc = place.read(packed.data());
    if (rc == MPI_SUCCESS) packed.scatter();
    return rc;
  });
}

// `request`: null, or that of a call which makes one. In near windows it is complete when it has been called.
int put(MPI_Win win, const Buffer& origin, const Target& target, MPI_Request* request) {
  return as_it_is(
      *win->local, [&] { return far::put(win, origin, target, request); },
      [&] { return with_request(put(*win->local, origin, target), request); });
}

int get(MPI_Win win, const Buffer& origin, const Target& target, MPI_Request* request) {
  return as_it_is(
      *win->local, [&] { return far::get(win, origin, target, request); },
      [&] { return with_request(get(*win->local, origin, target), request); });
}

}  // namespace

int with_request(int rc, MPI_Request* request) noexcept {
  if (rc == MPI_SUCCESS && request != nullptr) *request = p2p::complete_request();
  return rc;
}

namespace local {

int Put(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
        MPI_Datatype target_type, MPI_Win win) {
  return put(win, {origin, count, type}, {target, displacement, target_count, target_type}, nullptr);
}

int Get(void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
        MPI_Datatype target_type, MPI_Win win) {
  return get(win, {origin, count, type}, {target, displacement, target_count, target_type}, nullptr);
}

int Rput(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
         MPI_Datatype target_type, MPI_Win win, MPI_Request* request) {
  if (request == nullptr) return MPI_ERR_REQUEST;
  return put(win, {origin, count, type}, {target, displacement, target_count, target_type}, request);
}

int Rget(void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
         MPI_Datatype target_type, MPI_Win win, MPI_Request* request) {
  if (request == nullptr) return MPI_ERR_REQUEST;
  return get(win, {origin, count, type}, {target, displacement, target_count, target_type}, request);
}

}  // namespace local
}  // namespace cairn::shim
