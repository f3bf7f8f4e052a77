// SPDX-License-Identifier: Apache-2.0
// The little of HDF5 that the manifest needs: owned identifiers, attributes and one-dimensional columns.
// Errors are exceptions (PermanentError); libhdf5's own error printing is off. Not thread-safe.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cairn::hdf5 {

// Sole owner of an identifier and of how it is closed.
class Id {
 public:
  Id() = default;
  Id(hid_t id, herr_t (*close)(hid_t), const char* what);
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

// A new file in memory.
Id create_in_memory();
// The bytes of it, with `in_front` zeros (a power of two from 512) for a user block before them: libhdf5 finds its
// data there as after h5jam.
std::vector<unsigned char> image_of(const Id& file, std::size_t in_front);
Id open_from_memory(const std::vector<unsigned char>& bytes);

Id create_group(const Id& parent, const std::string& name);
Id open_group(const Id& parent, const std::string& name);
std::vector<std::string> group_names(const Id& parent);
// Whether there is a group or column, or an attribute, of that name.
bool has_member(const Id& group, const std::string& name);
bool has_attribute(const Id& object, const std::string& name);

void write_attribute(const Id& object, const char* name, const std::string& value);
void write_attribute(const Id& object, const char* name, std::uint64_t value);
void write_attribute(const Id& object, const char* name, double value);
std::string read_string(const Id& object, const char* name);
std::uint64_t read_u64(const Id& object, const char* name);
double read_double(const Id& object, const char* name);

// Columns: data sets of one dimension. Reading refuses more than 2^24 elements or 64 KiB a string.
void write_column(const Id& group, const char* name, const std::vector<std::string>& values);
void write_column(const Id& group, const char* name, const std::vector<std::uint64_t>& values);
void write_column(const Id& group, const char* name, const std::vector<double>& values);
std::vector<std::string> read_strings(const Id& group, const char* name);
std::vector<std::uint64_t> read_u64s(const Id& group, const char* name);
std::vector<double> read_doubles(const Id& group, const char* name);

}  // namespace cairn::hdf5
