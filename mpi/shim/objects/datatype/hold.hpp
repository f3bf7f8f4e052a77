// SPDX-License-Identifier: Apache-2.0
// A datatype stays usable for a pending operation after MPI_Type_free: requests that must be posted again after a
// restart keep one of these, and collectives that are to be begun, or to call a function of the application with the
// datatype. In a section, or the callback thread with the lock held.
#pragma once

#include <utility>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

struct TypeHold {
  MPI_Datatype predefined = nullptr;
  TypeRecipe* recipe = nullptr;  // null for predefined ones
};
TypeHold type_hold(MPI_Datatype type) noexcept;
// Valid until the next restart, correct again after rebuild_all().
RealDatatype* type_real(const TypeHold& hold) noexcept;
void type_release(TypeHold& hold) noexcept;

// The same, released at its end.
class HeldType {
 public:
  HeldType() noexcept = default;
  explicit HeldType(MPI_Datatype type) noexcept : hold_(type_hold(type)) {}
  HeldType(HeldType&& other) noexcept : hold_(std::exchange(other.hold_, {})) {}
  HeldType& operator=(HeldType&& other) noexcept {
    std::swap(hold_, other.hold_);
    return *this;
  }
  ~HeldType() {
    if (hold_.recipe != nullptr) type_release(hold_);
  }
  RealDatatype* real() const noexcept { return type_real(hold_); }

 private:
  TypeHold hold_;
};

}  // namespace cairn::shim
