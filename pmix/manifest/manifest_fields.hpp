// SPDX-License-Identifier: Apache-2.0
// How the fields() of the manifest's structs become attributes and columns of HDF5, and come from them. Not
// thread-safe.
//
// What this version does not find in an older manifest stays as the struct has it; what it does not know in a newer one
// it does not look at.
#pragma once

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/field_text.hpp"
#include "pmix/manifest/hdf5_writer.hpp"
#include "pmix/manifest/manifest.hpp"
#include "pmix/manifest/tree.hpp"

namespace cairn::manifest {

// One of the three types of values that a manifest has: text, number, time.
template <class T>
auto to_stored(const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(value);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::uint64_t>(value);
  } else {
    return to_text(value);
  }
}
template <class T>
using Stored = decltype(to_stored(std::declval<T>()));

template <class T>
void from_stored(const Stored<T>& stored, T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    value = static_cast<T>(stored);
  } else {
    from_text(stored, value);
  }
}

class AttributeWriter {
 public:
  explicit AttributeWriter(const hdf5::Id& group) : group_(group) {}
  template <class T>
  void operator()(const char* name, T& member) {
    hdf5::write_attribute(group_, name, to_stored(member));
  }
  void operator()(const char* name, std::vector<std::string>& member) { hdf5::write_column(group_, name, member); }
  template <class T>
  void operator()(const Parameter& parameter, T& member) {
    if (parameter.recorded) (*this)(parameter.name, member);
  }

 private:
  const hdf5::Id& group_;
};

class AttributeReader {
 public:
  explicit AttributeReader(const Group& group) : group_(group) {}
  template <class T>
  void operator()(const char* name, T& member) {
    const Values* values = find(group_.attributes, name);
    if (values == nullptr) return;
    std::vector<Stored<T>> stored;
    get(*values, stored);
    if (stored.size() != 1) throw PermanentError(std::string("manifest: attribute ") + name + " is no single value");
    from_stored(stored.front(), member);
  }
  void operator()(const char* name, std::vector<std::string>& member) {
    if (const Values* values = find(group_.columns, name)) get(*values, member);
  }
  template <class T>
  void operator()(const Parameter& parameter, T& member) {
    if (parameter.recorded) (*this)(parameter.name, member);
  }

 private:
  const Group& group_;
};

// One value for each rank.
struct Column {
  std::string group, name;
  std::variant<std::vector<std::string>, std::vector<std::uint64_t>, std::vector<double>> values;
};

// Finds out which columns ranks have: without values.
class ColumnLister {
 public:
  template <class T>
  void operator()(const Figure& figure, T&) {
    if (figure.group != nullptr) columns.push_back({figure.group, figure.name, std::vector<Stored<T>>()});
  }
  std::vector<Column> columns;
};

// Appends one rank's values to the columns.
class ColumnWriter {
 public:
  explicit ColumnWriter(std::vector<Column>& columns) : next_(columns.begin()) {}
  template <class T>
  void operator()(const Figure& figure, T& member) {
    if (figure.group != nullptr) std::get<std::vector<Stored<T>>>((next_++)->values).push_back(to_stored(member));
  }

 private:
  std::vector<Column>::iterator next_;
};

// Takes one rank's values from the columns; those that the manifest does not have are empty.
class ColumnReader {
 public:
  ColumnReader(const std::vector<Column>& columns, std::size_t rank) : next_(columns.begin()), rank_(rank) {}
  template <class T>
  void operator()(const Figure& figure, T& member) {
    if (figure.group == nullptr) return;
    const auto& values = std::get<std::vector<Stored<T>>>((next_++)->values);
    if (!values.empty()) from_stored(values[rank_], member);
  }

 private:
  std::vector<Column>::const_iterator next_;
  std::size_t rank_;
};

}  // namespace cairn::manifest
