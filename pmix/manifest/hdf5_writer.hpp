// SPDX-License-Identifier: Apache-2.0
// The little of HDF5 that writing a manifest needs: a file in memory, groups, attributes and one-dimensional columns.
// Errors are exceptions (PermanentError). Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pmix/manifest/hdf5_id.hpp"

namespace cairn::hdf5 {

// A new file in memory.
Id create_in_memory();
// The bytes of it, with `in_front` zeros (a power of two from 512) for a user block before them: libhdf5 finds its
// data there as after h5jam.
std::vector<unsigned char> image_of(const Id& file, std::size_t in_front);

Id create_group(const Id& parent, const std::string& name);

void write_attribute(const Id& object, const char* name, const std::string& value);
void write_attribute(const Id& object, const char* name, std::uint64_t value);
void write_attribute(const Id& object, const char* name, double value);

// Columns: data sets of one dimension.
void write_column(const Id& group, const char* name, const std::vector<std::string>& values);
void write_column(const Id& group, const char* name, const std::vector<std::uint64_t>& values);
void write_column(const Id& group, const char* name, const std::vector<double>& values);

}  // namespace cairn::hdf5
