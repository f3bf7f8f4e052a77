// SPDX-License-Identifier: Apache-2.0
// An operation of the application stays what it was for a pending collective after MPI_Op_free: its handle, its slot
// and the real operation go when the last of these does. In a section, or the callback thread with the lock held.
#pragma once

#include <utility>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

void op_hold(MPI_Op op) noexcept;
void op_release(MPI_Op op) noexcept;

inline bool is_own_op(MPI_Op op) noexcept { return usable(op) && !op->predefined; }

class HeldOp {
 public:
  HeldOp() noexcept = default;
  explicit HeldOp(MPI_Op op) noexcept : op_(op) {
    if (is_own_op(op_)) op_hold(op_);
  }
  HeldOp(HeldOp&& other) noexcept : op_(std::exchange(other.op_, nullptr)) {}
  HeldOp& operator=(HeldOp&& other) noexcept {
    std::swap(op_, other.op_);
    return *this;
  }
  ~HeldOp() {
    if (is_own_op(op_)) op_release(op_);
  }
  // Valid until the next restart, correct again after rebuild_all().
  RealOp* real() const noexcept { return to_real(op_); }

 private:
  MPI_Op op_ = nullptr;
};

}  // namespace cairn::shim
