// SPDX-License-Identifier: Apache-2.0
// Datatypes: built, kept over many steps, freed while others live on.
#include <algorithm>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

namespace {

constexpr std::size_t kMostTypes = 6;

struct Maker {
  State& s;
  Type& t;

  void block(std::size_t first_element, std::size_t elements) {
    if (elements > 0) t.blocks.push_back({first_element * t.base_size, elements * t.base_size});
  }
  void vector() {
    const int count = s.plan.between(1, 5), length = s.plan.between(1, 4), stride = length + s.plan.below(4);
    must(MPI_Type_vector(count, length, stride, t.base, &t.handle));
    for (int i = 0; i < count; ++i) block(static_cast<std::size_t>(i * stride), static_cast<std::size_t>(length));
  }
  void indexed() {  // in descending order: the type map is not the order of addresses
    const int count = s.plan.between(1, 5);
    std::vector<int> lengths, displacements;
    for (int i = 0; i < count; ++i) {
      lengths.push_back(i == 0 ? 1 : s.plan.below(4));  // a type without bytes has no extent in Open MPI
      displacements.push_back((count - 1 - i) * 4);
      block(static_cast<std::size_t>(displacements.back()), static_cast<std::size_t>(lengths.back()));
    }
    must(MPI_Type_indexed(count, lengths.data(), displacements.data(), t.base, &t.handle));
  }
  void structure() {
    const int count = s.plan.between(1, 4);
    std::vector<int> lengths;
    std::vector<MPI_Aint> displacements;
    std::vector<MPI_Datatype> parts(static_cast<std::size_t>(count), t.base);
    for (int i = 0; i < count; ++i) {
      lengths.push_back(s.plan.between(1, 3));
      displacements.push_back(static_cast<MPI_Aint>(static_cast<std::size_t>(i * 5) * t.base_size));
      block(static_cast<std::size_t>(i * 5), static_cast<std::size_t>(lengths.back()));
    }
    must(MPI_Type_create_struct(count, lengths.data(), displacements.data(), parts.data(), &t.handle));
  }
  void subarray() {
    int sizes[2] = {s.plan.between(2, 5), s.plan.between(2, 5)};
    int part[2] = {s.plan.between(1, sizes[0]), s.plan.between(1, sizes[1])};
    int start[2] = {s.plan.between(0, sizes[0] - part[0]), s.plan.between(0, sizes[1] - part[1])};
    must(MPI_Type_create_subarray(2, sizes, part, start, MPI_ORDER_C, t.base, &t.handle));
    for (int row = 0; row < part[0]; ++row) {
      block(static_cast<std::size_t>((start[0] + row) * sizes[1] + start[1]), static_cast<std::size_t>(part[1]));
    }
  }
  void indexed_block() {
    const int count = s.plan.between(1, 5), length = s.plan.between(1, 3);
    std::vector<int> displacements;
    for (int i = 0; i < count; ++i) {
      displacements.push_back(i * 3 + (i & 1));
      displacements.back() += i * length;
      block(static_cast<std::size_t>(displacements.back()), static_cast<std::size_t>(length));
    }
    must(MPI_Type_create_indexed_block(count, length, displacements.data(), t.base, &t.handle));
  }
  // Gives the type an extent with a gap at its end, and sometimes nests it.
  void finish() {
    std::size_t end = t.base_size;
    t.size = 0;
    for (const auto& b : t.blocks) {
      end = std::max(end, b.offset + b.length);
      t.size += b.length;
    }
    t.extent = end + static_cast<std::size_t>(s.plan.below(3)) * t.base_size;
    replace(
        [&](MPI_Datatype* out) { return MPI_Type_create_resized(t.handle, 0, static_cast<MPI_Aint>(t.extent), out); });
    if (s.plan.chance(40)) {
      const auto once = t.blocks;
      replace([&](MPI_Datatype* out) { return MPI_Type_contiguous(2, t.handle, out); });
      for (auto b : once) t.blocks.push_back({b.offset + t.extent, b.length});
      t.extent *= 2;
      t.size *= 2;
    }
    must(MPI_Type_commit(&t.handle));
  }
  template <class Make>
  void replace(Make make) {
    MPI_Datatype made = MPI_DATATYPE_NULL;
    must(make(&made));
    must(MPI_Type_free(&t.handle));
    t.handle = made;
  }
};

void free_type(State& s, std::size_t index) {
  must(MPI_Type_free(&s.types[index]->handle));
  s.types.erase(s.types.begin() + static_cast<std::ptrdiff_t>(index));
}

void check_type(const Type& t) {
  int size = 0;
  MPI_Aint low = 0, extent = 0;
  must(MPI_Type_size(t.handle, &size));
  must(MPI_Type_get_extent(t.handle, &low, &extent));
  require(static_cast<std::size_t>(size) == t.size, "MPI_Type_size says " + std::to_string(size));
  require(low == 0 && static_cast<std::size_t>(extent) == t.extent, "extent is " + std::to_string(extent));
}

}  // namespace

void step_types(State& s) {
  for (const auto& t : s.types) check_type(*t);
  if (s.types.size() >= kMostTypes || (!s.types.empty() && s.plan.chance(25))) {
    free_type(s, static_cast<std::size_t>(s.plan.below(static_cast<int>(s.types.size()))));
    return;
  }
  auto t = std::make_shared<Type>();
  const int base = s.plan.below(3);
  t->base = base == 0 ? MPI_BYTE : base == 1 ? MPI_INT : MPI_DOUBLE;
  t->base_size = base == 0 ? 1 : base == 1 ? 4 : 8;
  Maker maker{s, *t};
  using Method = void (Maker::*)();
  static const std::vector<Method> methods = {&Maker::vector, &Maker::indexed, &Maker::structure, &Maker::subarray,
                                              &Maker::indexed_block};
  (maker.*s.plan.pick(methods))();
  maker.finish();
  check_type(*t);
  s.types.push_back(t);
}

void free_types(State& s) {
  while (!s.types.empty()) free_type(s, s.types.size() - 1);
}

}  // namespace cairn::random_program
