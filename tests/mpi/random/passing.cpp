// SPDX-License-Identifier: Apache-2.0
#include "tests/mpi/random/passing.hpp"

#include "tests/mpi/random/collective.hpp"

namespace cairn::random_program {

namespace {

void other_function(void*, void*, int*, MPI_Datatype*) { fail("the function of another operation was called"); }

MPI_Datatype contiguous(int count, MPI_Datatype of) {
  MPI_Datatype made = MPI_DATATYPE_NULL;
  must(MPI_Type_contiguous(count, of, &made));
  must(MPI_Type_commit(&made));
  return made;
}

}  // namespace

Passing::Passing(Reducer reducer) : element_(element_type()), op_(op_handle(reducer)) {}

Passing::~Passing() {
  for (MPI_Datatype& type : other_types_) MPI_Type_free(&type);
  if (other_op_ != MPI_OP_NULL) MPI_Op_free(&other_op_);
}

void Passing::make_own(Reducer reducer) {
  own_ = true;
  byte_ = contiguous(1, MPI_BYTE);
  element_ = contiguous(2, MPI_UINT64_T);
  op_ = make_operator(reducer);
}

void Passing::free_own() {
  if (!own_) return;
  must(MPI_Type_free(&byte_));
  must(MPI_Type_free(&element_));
  must(MPI_Op_free(&op_));
  other_types_ = {contiguous(3, MPI_DOUBLE), contiguous(5, MPI_INT)};
  must(MPI_Op_create(other_function, 1, &other_op_));
}

}  // namespace cairn::random_program
