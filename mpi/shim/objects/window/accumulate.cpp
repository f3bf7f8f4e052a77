// SPDX-License-Identifier: Apache-2.0
// Accumulates: read, combined and written while nobody else does the same at that member.
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "mpi/shim/objects/window/far.hpp"
#include "mpi/shim/objects/window/local_calls.hpp"
#include "mpi/shim/objects/window/transfer.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

// Held for the time of one operation, in a section: whoever has it goes on.
class Busy {
 public:
  Busy(LocalWindow& window, int member) noexcept : word_(window.control.of(member).busy) {
    constexpr int kSpins = 100;
    for (int i = 0; word_.exchange(1, std::memory_order_acquire) != 0;)
      if (++i % kSpins == 0)
        sched_yield();
      else
        __builtin_ia32_pause();
  }
  ~Busy() { word_.store(0, std::memory_order_release); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<std::uint32_t>& word_;
};

constexpr std::size_t kSmall = 64;

// Bytes for the time of one operation; few of them cost nothing.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes) : large_(bytes > kSmall ? bytes : 0) {}
  unsigned char* data() noexcept { return large_.empty() ? small_ : large_.data(); }

 private:
  alignas(16) unsigned char small_[kSmall];
  std::vector<unsigned char> large_;
};

// `step`: bytes from one element to the next. The library counts in int.
int reduce(const unsigned char* in, unsigned char* in_out, std::size_t count, std::size_t step, MPI_Datatype type,
           MPI_Op op) {
  constexpr std::size_t kMost = 1 << 30;
  int rc = MPI_SUCCESS;
  for (std::size_t done = 0, now = 0; done < count && rc == MPI_SUCCESS; done += now) {
    now = std::min(count - done, kMost);
    rc = cross(real.Reduce_local, in + done * step, in_out + done * step, static_cast<int>(now), to_real(type),
               to_real(op));
  }
  return rc;
}

// Elements with gaps, like those of MPI_DOUBLE_INT: the operation wants them where they belong.
int reduce_spread(const unsigned char* in, unsigned char* in_out, std::size_t count, MPI_Datatype type,
                  const Layout& layout, MPI_Op op) {
  if (count > std::numeric_limits<int>::max()) return MPI_ERR_COUNT;
  const std::size_t reach = count * static_cast<std::size_t>(layout.extent);
  std::vector<unsigned char> left(reach), right(reach);
  const int n = static_cast<int>(count);
  Packed from(layout, n, left.data()), to(layout, n, right.data());
  std::memcpy(from.data(), in, from.bytes());
  std::memcpy(to.data(), in_out, to.bytes());
  from.scatter();
  to.scatter();
  const int rc = reduce(left.data(), right.data(), count, static_cast<std::size_t>(layout.extent), type, op);
  if (rc == MPI_SUCCESS) std::memcpy(in_out, Packed::gather(layout, n, type, right.data()).data(), to.bytes());
  return rc;
}

// `in_out` becomes what the target has afterwards.
int combine(const unsigned char* in, unsigned char* in_out, std::size_t bytes, MPI_Datatype type, MPI_Op op) {
  if (op == MPI_REPLACE) {
    std::memcpy(in_out, in, bytes);
    return MPI_SUCCESS;
  }
  MPI_Datatype const basic = basic_of(type);
  if (basic == nullptr) return MPI_ERR_TYPE;
  int rc = MPI_SUCCESS;
  const Layout* const layout = layout_of(basic, &rc);
  if (layout == nullptr || layout->size == 0) return rc;
  const std::size_t count = bytes / layout->size;
  return layout->dense ? reduce(in, in_out, count, layout->size, basic, op)
                       : reduce_spread(in, in_out, count, basic, *layout, op);
}

struct Accumulated {
  Buffer origin;
  const Buffer* result;  // null: nobody wants to know
  MPI_Op op;
};

int check(const Accumulated& what) noexcept {
  const bool only_reads = what.op == MPI_NO_OP && what.result != nullptr;
  if (const int rc = only_reads ? MPI_SUCCESS : check_buffer(what.origin); rc != MPI_SUCCESS) return rc;
  if (what.result != nullptr)
    if (const int rc = check_buffer(*what.result); rc != MPI_SUCCESS) return rc;
  const bool known = what.op != nullptr && what.op->predefined && !what.op->null;
  return known && (what.op != MPI_NO_OP || what.result != nullptr) ? MPI_SUCCESS : MPI_ERR_OP;
}

int fetch(const Buffer& result, const unsigned char* bytes, std::size_t n) {
  int rc = MPI_SUCCESS;
  const Layout* const layout = layout_of(result.type, &rc);
  if (layout == nullptr) return rc;
  Packed packed(*layout, result.count, const_cast<void*>(result.start));
  if (packed.bytes() != n) return MPI_ERR_TRUNCATE;
  std::memcpy(packed.data(), bytes, n);
  packed.scatter();
  return MPI_SUCCESS;
}

int change(const Place& place, const Accumulated& what, const Target& target, unsigned char* bytes) {
  int rc = MPI_SUCCESS;
  const Layout* const layout = layout_of(what.origin.type, &rc);
  if (layout == nullptr) return rc;
  Packed origin = Packed::gather(*layout, what.origin.count, what.origin.type, what.origin.start);
  if (origin.bytes() != place.bytes()) return MPI_ERR_TRUNCATE;
  rc = combine(origin.data(), bytes, place.bytes(), target.type, what.op);
  return rc == MPI_SUCCESS ? place.write(bytes) : rc;
}

int accumulate(LocalWindow& window, const Accumulated& what, const Target& target) {
  if (const int rc = check(what); rc != MPI_SUCCESS) return rc;
  return operate(window, target, [&](const Place& place) {
    Scratch before(place.bytes()), after(place.bytes());
    const Busy busy(window, target.rank);
    int rc = place.read(before.data());
    if (rc != MPI_SUCCESS) return rc;
    if (what.op != MPI_NO_OP) {
      std::memcpy(after.data(), before.data(), place.bytes());
      rc = change(place, what, target, after.data());
    }
    // Last: it may lie where the origin does.
    if (rc == MPI_SUCCESS && what.result != nullptr) rc = fetch(*what.result, before.data(), place.bytes());
    return rc;
  });
}

int accumulate(MPI_Win win, const Accumulated& what, const Target& target, MPI_Request* request) {
  return as_it_is(
      *win->local, [&] { return far::accumulate(win, what.origin, what.result, target, what.op, request); },
      [&] { return with_request(accumulate(*win->local, what, target), request); });
}

int compare_and_swap(LocalWindow& window, const void* origin, const void* compare, void* result, const Target& target) {
  return operate(window, target, [&](const Place& place) {
    Scratch there(place.bytes());
    const Busy busy(window, target.rank);
    int rc = place.read(there.data());
    if (rc != MPI_SUCCESS) return rc;
    if (std::memcmp(there.data(), compare, place.bytes()) == 0) rc = place.write(origin);
    if (rc == MPI_SUCCESS) std::memcpy(result, there.data(), place.bytes());
    return rc;
  });
}

}  // namespace

int check_accumulate(const Buffer& origin, const Buffer* result, MPI_Op op) noexcept {
  return check({origin, result, op});
}

namespace local {

int Accumulate(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
               MPI_Datatype target_type, MPI_Op op, MPI_Win win) {
  return accumulate(win, {{origin, count, type}, nullptr, op}, {target, displacement, target_count, target_type},
                    nullptr);
}

int Get_accumulate(const void* origin, int count, MPI_Datatype type, void* result, int result_count,
                   MPI_Datatype result_type, int target, MPI_Aint displacement, int target_count,
                   MPI_Datatype target_type, MPI_Op op, MPI_Win win) {
  const Buffer fetched{result, result_count, result_type};
  return accumulate(win, {{origin, count, type}, &fetched, op}, {target, displacement, target_count, target_type},
                    nullptr);
}

int Raccumulate(const void* origin, int count, MPI_Datatype type, int target, MPI_Aint displacement, int target_count,
                MPI_Datatype target_type, MPI_Op op, MPI_Win win, MPI_Request* request) {
  if (request == nullptr) return MPI_ERR_REQUEST;
  return accumulate(win, {{origin, count, type}, nullptr, op}, {target, displacement, target_count, target_type},
                    request);
}

int Rget_accumulate(const void* origin, int count, MPI_Datatype type, void* result, int result_count,
                    MPI_Datatype result_type, int target, MPI_Aint displacement, int target_count,
                    MPI_Datatype target_type, MPI_Op op, MPI_Win win, MPI_Request* request) {
  if (request == nullptr) return MPI_ERR_REQUEST;
  const Buffer fetched{result, result_count, result_type};
  return accumulate(win, {{origin, count, type}, &fetched, op}, {target, displacement, target_count, target_type},
                    request);
}

int Fetch_and_op(const void* origin, void* result, MPI_Datatype type, int target, MPI_Aint displacement, MPI_Op op,
                 MPI_Win win) {
  const Buffer fetched{result, 1, type};
  const Accumulated what{{origin, 1, type}, &fetched, op};
  const Target where{target, displacement, 1, type};
  return as_it_is(
      *win->local, [&] { return far::fetch_and_op(win, what.origin, fetched, where, op); },
      [&] { return accumulate(*win->local, what, where); });
}

int Compare_and_swap(const void* origin, const void* compare, void* result, MPI_Datatype type, int target,
                     MPI_Aint displacement, MPI_Win win) {
  const Target where{target, displacement, 1, type};
  return as_it_is(
      *win->local, [&] { return far::compare_and_swap(win, origin, compare, result, where); },
      [&] { return compare_and_swap(*win->local, origin, compare, result, where); });
}

}  // namespace local
}  // namespace cairn::shim
