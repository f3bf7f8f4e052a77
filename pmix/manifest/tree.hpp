// SPDX-License-Identifier: Apache-2.0
// What an HDF5 file says, as plain data: its groups by path, and in each the attributes and columns that a manifest may
// have. Between the process that reads the file (confined.hpp) and the one that believes what comes out, it is bytes.
// Plain data; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cairn::manifest {

enum class Kind : std::uint8_t { text, number, time };

// The values of an attribute (one) or of a column.
struct Values {
  std::string name;
  Kind kind = Kind::text;
  std::vector<std::string> texts;
  std::vector<std::uint64_t> numbers;  // of a time: the bits of the double

  template <class Archive>
  void fields(Archive& a) {
    a(name, kind, texts, numbers);
  }
};

struct Group {
  std::string path;  // "/", "/sequences/0"
  std::vector<Values> attributes, columns;

  template <class Archive>
  void fields(Archive& a) {
    a(path, attributes, columns);
  }
};

struct Tree {
  std::vector<Group> groups;

  template <class Archive>
  void fields(Archive& a) {
    a(groups);
  }
};

// The groups of a tree, which must outlive it, by path.
class GroupIndex {
 public:
  explicit GroupIndex(const Tree& tree);
  // Null if there is none.
  const Group* find(const std::string& path) const;

 private:
  std::unordered_map<std::string_view, const Group*> groups_;
};

// Null if there are none of that name.
const Values* find(const std::vector<Values>& all, const std::string& name) noexcept;

// Of the right kind, times finite; else PermanentError.
void get(const Values& values, std::vector<std::string>& out);
void get(const Values& values, std::vector<std::uint64_t>& out);
void get(const Values& values, std::vector<double>& out);

// Reads an HDF5 file with libhdf5, which trusts what it reads: only in a confined process. Groups, attributes of one
// value and columns that lie in the file itself, contiguous or compact; links, data elsewhere, filters and what is
// larger than the file are refused (PermanentError). Types that no manifest has are left out.
Tree read_tree(const std::vector<unsigned char>& file);

}  // namespace cairn::manifest
