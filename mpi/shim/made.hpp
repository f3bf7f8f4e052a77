// SPDX-License-Identifier: Apache-2.0
// The handle that a function of the real library makes, between the call and the application: when the call fails, the
// application's handle becomes what it would without Cairn, the null handle or what it was before. The library is given
// an address that no handle has, and whether it has written there tells.
//
// Threads: for one call, on its stack.
#pragma once

#include <type_traits>

#include "mpi/shim/real.hpp"

namespace cairn::shim {

template <class Guest>
Guest* null_handle() noexcept {
  if constexpr (std::is_same_v<Guest, ompi_communicator_t>) return MPI_COMM_NULL;
  if constexpr (std::is_same_v<Guest, ompi_group_t>) return MPI_GROUP_NULL;
  if constexpr (std::is_same_v<Guest, ompi_datatype_t>) return MPI_DATATYPE_NULL;
  if constexpr (std::is_same_v<Guest, ompi_op_t>) return MPI_OP_NULL;
  if constexpr (std::is_same_v<Guest, ompi_info_t>) return MPI_INFO_NULL;
  if constexpr (std::is_same_v<Guest, ompi_win_t>) return MPI_WIN_NULL;
  if constexpr (std::is_same_v<Guest, ompi_file_t>) return MPI_FILE_NULL;
}

template <class Guest>
class Made {
 public:
  using Handle = Real<Guest*>;

  // `out`: the application's, perhaps null: then the library is given none either.
  explicit Made(Guest** out) noexcept : out_(out) {}
  // For the real function.
  Handle* place() noexcept { return out_ == nullptr ? nullptr : &made_; }
  // After the call, whose code it gives back. adopt(made) gives the guest's handle of what has been made.
  template <class Adopt>
  int settle(int rc, Adopt&& adopt) {
    if (rc == MPI_SUCCESS)
      *out_ = made_ == untouched() ? null_handle<Guest>() : adopt(made_);
    else if (out_ != nullptr && made_ != untouched())
      *out_ = null_handle<Guest>();
    return rc;
  }
  static Handle untouched() noexcept {
    alignas(16) static char nobody[sizeof(Guest)];
    return reinterpret_cast<Handle>(nobody);
  }

 private:
  Guest** out_;
  Handle made_ = untouched();
};

}  // namespace cairn::shim
