// SPDX-License-Identifier: Apache-2.0
// The numbers by which the program knows the variables, or categories, of the tools interface, and those that the
// library has for them. They are the same until a restart: another library may number otherwise, so that from then on
// each is found by its name. A number that the program has seen keeps its meaning; what only the new library has gets
// numbers behind. Guest memory; with the lock of tool.hpp held.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cairn::shim::tool {

// How the library is asked: how many there are, and the name of one of them (empty: it does not tell).
struct Names {
  int (*count)() noexcept;
  std::string (*name)(int real);
};

class Indices {
 public:
  explicit Indices(Names library) noexcept : library_(library) {}

  // Looks what the library has got meanwhile: components are loaded as MPI goes on.
  void refresh();
  // The library is a new one, or has begun anew.
  void renumber();

  int count() const noexcept { return static_cast<int>(names_.size()); }
  const std::string& name(int index) const { return names_[static_cast<std::size_t>(index)]; }
  // The library's number; nothing: it does not have this one now. What never was one stays none.
  std::optional<int> to_real(int index);
  int from_real(int real);

 private:
  static constexpr int kNone = -1;
  void add(int real);
  void learn_name(int index);

  const Names library_;
  std::vector<std::string> names_;          // by the program's number; empty: not known yet
  std::vector<int> real_;                   // by the program's number
  std::vector<int> index_;                  // by the library's
  std::multimap<std::string, int> absent_;  // names of those that the library does not have, in their order
};

}  // namespace cairn::shim::tool
