// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/far.hpp"

#include <atomic>
#include <cstring>

#include "mpi/p2p/adopt.hpp"
#include "mpi/shim/objects/datatype/types.hpp"

namespace cairn::shim::far {
namespace {

// The library is asked: it knows without looking at every byte. False for what no data can be moved with, or none is.
bool find_reach(MPI_Datatype type, Reach& reach) {
  if (type->recipe == nullptr) {
    int rc = MPI_SUCCESS;
    const Layout* const layout = layout_of(type, &rc);
    if (layout == nullptr || layout->size == 0) return false;
    reach = {layout->low, layout->high, layout->extent};
    return true;
  }
  MPI_Aint lower = 0, bytes = 0;
  RealDatatype* const asked = to_real(type);
  if (cross(real.Type_get_extent, asked, &lower, &reach.extent) != MPI_SUCCESS ||
      cross(real.Type_get_true_extent, asked, &reach.low, &bytes) != MPI_SUCCESS)
    return false;
  reach.high = reach.low + bytes;
  return bytes != 0;
}

// Not every library looks.
int check_range(const LocalWindow& window, const Target& target) {
  Reach reach{};
  if (target.count == 0 || !find_reach(target.type, reach)) return MPI_SUCCESS;
  if (window.shape.flavor != MPI_WIN_FLAVOR_DYNAMIC)
    return is_within(window.members[static_cast<std::size_t>(target.rank)], target, reach) ? MPI_SUCCESS
                                                                                           : MPI_ERR_RMA_RANGE;
  MPI_Aint low = 0, high = 0;
  if (!reach_of_all(reach, target.count, low, high)) return MPI_ERR_RMA_RANGE;
  const auto at = static_cast<std::uint64_t>(target.displacement);
  return window.real_side().ask_attached(target.rank, at + static_cast<std::uint64_t>(low),
                                         at + static_cast<std::uint64_t>(high));
}

// call(real window), which may give kMoved too; for MPI_PROC_NULL nothing, of which the library knows no end.
template <class Call>
int operate(MPI_Win win, const Target& target, const char* name, Call&& call) {
  LocalWindow& window = *win->local;
  int rc = check_target(window, target);
  if (rc != MPI_SUCCESS || target.rank == MPI_PROC_NULL) return rc;
  rc = access(window, target.rank);
  if (rc != MPI_SUCCESS) return rc;
  const InsideScope scope(name);
  if (!window.is_far()) return kMoved;
  rc = check_range(window, target);
  return rc == MPI_SUCCESS ? call(window.real_side().reach(target.rank)) : rc;
}

// once(real window) for a call without a request, else begin(real window, &made).
template <class Once, class Begin>
int operate(MPI_Win win, const Target& target, const char* name, MPI_Request* request, Once&& once, Begin&& begin) {
  if (request == nullptr) return operate(win, target, name, once);
  if (target.rank == MPI_PROC_NULL) return with_request(check_target(*win->local, target), request);
  return operate(win, target, name, [&](RealWin* real_window) {
    RealRequest* made = real_objects.request_null;
    const int rc = begin(real_window, &made);
    if (rc == MPI_SUCCESS) *request = p2p::errors_to(win, track_request(made, p2p::RequestKind::rma, nullptr));
    return rc;
  });
}

}  // namespace

int put(MPI_Win win, const Buffer& origin, const Target& target, MPI_Request* request) {
  if (const int rc = check_buffer(origin); rc != MPI_SUCCESS) return rc;
  return operate(
      win, target, request == nullptr ? "MPI_Put" : "MPI_Rput", request,
      [&](RealWin* to) {
        return cross(real.Put, origin.start, origin.count, to_real(origin.type), target.rank, target.displacement,
                     target.count, to_real(target.type), to);
      },
      [&](RealWin* to, RealRequest** made) {
        return cross(real.Rput, origin.start, origin.count, to_real(origin.type), target.rank, target.displacement,
                     target.count, to_real(target.type), to, made);
      });
}

int get(MPI_Win win, const Buffer& origin, const Target& target, MPI_Request* request) {
  if (const int rc = check_buffer(origin); rc != MPI_SUCCESS) return rc;
  void* const start = const_cast<void*>(origin.start);
  return operate(
      win, target, request == nullptr ? "MPI_Get" : "MPI_Rget", request,
      [&](RealWin* from) {
        return cross(real.Get, start, origin.count, to_real(origin.type), target.rank, target.displacement,
                     target.count, to_real(target.type), from);
      },
      [&](RealWin* from, RealRequest** made) {
        return cross(real.Rget, start, origin.count, to_real(origin.type), target.rank, target.displacement,
                     target.count, to_real(target.type), from, made);
      });
}

namespace {

int accumulate_only(MPI_Win win, const Buffer& origin, const Target& target, MPI_Op op, MPI_Request* request) {
  return operate(
      win, target, request == nullptr ? "MPI_Accumulate" : "MPI_Raccumulate", request,
      [&](RealWin* to) {
        return cross(real.Accumulate, origin.start, origin.count, to_real(origin.type), target.rank,
                     target.displacement, target.count, to_real(target.type), to_real(op), to);
      },
      [&](RealWin* to, RealRequest** made) {
        return cross(real.Raccumulate, origin.start, origin.count, to_real(origin.type), target.rank,
                     target.displacement, target.count, to_real(target.type), to_real(op), to, made);
      });
}

int get_accumulate(MPI_Win win, const Buffer& origin, const Buffer& result, const Target& target, MPI_Op op,
                   MPI_Request* request) {
  void* const to = const_cast<void*>(result.start);
  return operate(
      win, target, request == nullptr ? "MPI_Get_accumulate" : "MPI_Rget_accumulate", request,
      [&](RealWin* at) {
        return cross(real.Get_accumulate, origin.start, origin.count, to_real(origin.type), to, result.count,
                     to_real(result.type), target.rank, target.displacement, target.count, to_real(target.type),
                     to_real(op), at);
      },
      [&](RealWin* at, RealRequest** made) {
        return cross(real.Rget_accumulate, origin.start, origin.count, to_real(origin.type), to, result.count,
                     to_real(result.type), target.rank, target.displacement, target.count, to_real(target.type),
                     to_real(op), at, made);
      });
}

}  // namespace

int accumulate(MPI_Win win, const Buffer& origin, const Buffer* result, const Target& target, MPI_Op op,
               MPI_Request* request) {
  if (const int rc = check_accumulate(origin, result, op); rc != MPI_SUCCESS) return rc;
  return result == nullptr ? accumulate_only(win, origin, target, op, request)
                           : get_accumulate(win, origin, *result, target, op, request);
}

int fetch_and_op(MPI_Win win, const Buffer& origin, const Buffer& result, const Target& target, MPI_Op op) {
  if (const int rc = check_accumulate(origin, &result, op); rc != MPI_SUCCESS) return rc;
  return operate(win, target, "MPI_Fetch_and_op", [&](RealWin* at) {
    return cross(real.Fetch_and_op, origin.start, const_cast<void*>(result.start), to_real(target.type), target.rank,
                 target.displacement, to_real(op), at);
  });
}

namespace {

// Open MPI's osc/rdma crashes on 8 bytes of one's own.
bool is_own_word(const LocalWindow& window, const Target& target) {
  int size = 0;
  return target.rank == window.rank && cross(real.Type_size, to_real(target.type), &size) == MPI_SUCCESS &&
         size == sizeof(std::uint64_t);
}

// Behind what this rank has begun at its own part.
int swap_own_word(const LocalWindow& window, const void* origin, const void* compare, void* result,
                  MPI_Aint displacement) {
  const bool dynamic = window.shape.flavor == MPI_WIN_FLAVOR_DYNAMIC;
  const auto base = dynamic ? 0 : reinterpret_cast<std::uintptr_t>(window.shape.base);
  const auto at = base + static_cast<std::uintptr_t>(displacement * (dynamic ? 1 : window.shape.unit));
  if (const int rc = window.real_side().flush(window.rank); rc != MPI_SUCCESS) return rc;
  std::uint64_t expected, wanted;
  std::memcpy(&expected, compare, sizeof expected);
  std::memcpy(&wanted, origin, sizeof wanted);
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(at)).compare_exchange_strong(expected, wanted);
  std::memcpy(result, &expected, sizeof expected);
  return MPI_SUCCESS;
}

}  // namespace

int compare_and_swap(MPI_Win win, const void* origin, const void* compare, void* result, const Target& target) {
  return operate(win, target, "MPI_Compare_and_swap", [&](RealWin* at) {
    if (!is_own_word(*win->local, target))
      return cross(real.Compare_and_swap, origin, compare, result, to_real(target.type), target.rank,
                   target.displacement, at);
    return swap_own_word(*win->local, origin, compare, result, target.displacement);
  });
}

}  // namespace cairn::shim::far
