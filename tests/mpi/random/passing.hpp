// SPDX-License-Identifier: Apache-2.0
// The datatypes and the operation that a collective is given: the program's lasting ones, or some of its own, which are
// freed as soon as it has been started. Then others take their handles, which the collective must not look at.
#pragma once

#include <mpi.h>

#include <vector>

namespace cairn::random_program {

enum class Reducer;

class Passing {
 public:
  explicit Passing(Reducer reducer);  // lasting
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  ~Passing();

  void make_own(Reducer reducer);
  // The call has been made. Lasting ones stay.
  void free_own();

  MPI_Datatype byte() const { return byte_; }
  MPI_Datatype element() const { return element_; }
  MPI_Op op() const { return op_; }

 private:
  bool own_ = false;
  MPI_Datatype byte_ = MPI_BYTE, element_;
  MPI_Op op_;
  std::vector<MPI_Datatype> other_types_;
  MPI_Op other_op_ = MPI_OP_NULL;
};

}  // namespace cairn::random_program
