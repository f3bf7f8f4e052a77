// SPDX-License-Identifier: Apache-2.0
// Reductions over elements of two 64-bit words, all exact, so that any order of evaluation MPI may choose agrees.
#include "tests/mpi/random/collective.hpp"

namespace cairn::random_program {

namespace {

struct Handles {
  MPI_Datatype element = MPI_DATATYPE_NULL;
  MPI_Op sum = MPI_OP_NULL, exclusive = MPI_OP_NULL, largest = MPI_OP_NULL, affine = MPI_OP_NULL;
};
Handles handles;

// out = left applied before right, element by element; `left` has the lower rank.
void combine(Reducer r, const std::uint64_t* left, std::uint64_t* right, std::size_t elements) {
  for (std::size_t i = 0; i < elements; ++i, left += 2, right += 2) {
    switch (r) {
      case Reducer::kSum:
        right[0] += left[0];
        right[1] += left[1];
        break;
      case Reducer::kXor:
        right[0] ^= left[0];
        right[1] ^= left[1];
        break;
      case Reducer::kOwnMax:
        right[0] = std::max(left[0], right[0]);
        right[1] = std::max(left[1], right[1]);
        break;
      default:  // x -> a x + b, composed: associative, not commutative
        right[1] = right[0] * left[1] + right[1];
        right[0] = right[0] * left[0];
    }
  }
}

template <Reducer R>
void user_function(void* in, void* inout, int* length, MPI_Datatype*) {
  combine(R, static_cast<const std::uint64_t*>(in), static_cast<std::uint64_t*>(inout),
          static_cast<std::size_t>(*length));
}

void make() {
  if (handles.element != MPI_DATATYPE_NULL) return;
  must(MPI_Type_contiguous(2, MPI_UINT64_T, &handles.element));
  must(MPI_Type_commit(&handles.element));
  handles.sum = make_operator(Reducer::kSum);
  handles.exclusive = make_operator(Reducer::kXor);
  handles.largest = make_operator(Reducer::kOwnMax);
  handles.affine = make_operator(Reducer::kAffine);
}

}  // namespace

MPI_Op make_operator(Reducer r) {
  MPI_Op made = MPI_OP_NULL;
  must(MPI_Op_create(r == Reducer::kSum      ? user_function<Reducer::kSum>
                     : r == Reducer::kXor    ? user_function<Reducer::kXor>
                     : r == Reducer::kOwnMax ? user_function<Reducer::kOwnMax>
                                             : user_function<Reducer::kAffine>,
                     r != Reducer::kAffine, &made));
  return made;
}

MPI_Datatype element_type() {
  make();
  return handles.element;
}

MPI_Op op_handle(Reducer r) {
  make();
  switch (r) {
    case Reducer::kSum:
      return handles.sum;
    case Reducer::kXor:
      return handles.exclusive;
    case Reducer::kOwnMax:
      return handles.largest;
    default:
      return handles.affine;
  }
}

void free_operators() {
  if (handles.element == MPI_DATATYPE_NULL) return;
  must(MPI_Type_free(&handles.element));
  for (MPI_Op* op : {&handles.sum, &handles.exclusive, &handles.largest, &handles.affine}) must(MPI_Op_free(op));
}

std::vector<std::uint64_t> contribution(const Collective& c, int m) {
  std::size_t elements = 0;
  if (c.op == Op::kReduceScatter) {
    for (const int n : c.sizes) elements += static_cast<std::size_t>(n);
  } else {
    elements =
        static_cast<std::size_t>(c.sizes[0]) * static_cast<std::size_t>(c.op == Op::kReduceScatterBlock ? c.n() : 1);
  }
  std::vector<std::uint64_t> words(2 * elements);
  fill_pattern(words.data(), words.size() * 8, mix(c.key, static_cast<std::uint64_t>(m)));
  return words;
}

std::vector<std::uint64_t> reduced(const Collective& c, int last) {
  auto left = contribution(c, 0);
  for (int m = 1; m <= last; ++m) {
    auto right = contribution(c, m);
    combine(c.reducer, left.data(), right.data(), right.size() / 2);
    left.swap(right);
  }
  return left;
}

}  // namespace cairn::random_program
