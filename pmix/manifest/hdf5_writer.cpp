// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/hdf5_writer.hpp"

#include <algorithm>

namespace cairn::hdf5 {
namespace {

Id string_type(std::size_t size) {
  Id type(H5Tcopy(H5T_C_S1), H5Tclose, "string type");
  check(H5Tset_size(type.get(), std::max<std::size_t>(size, 1)), "string size");
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "string padding");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "string character set");
  return type;
}

void write_scalar(const Id& object, const char* name, hid_t type, const void* value) {
  const Id space(H5Screate(H5S_SCALAR), H5Sclose, name);
  const Id attribute(H5Acreate2(object.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
  check(H5Awrite(attribute.get(), type, value), name);
}

void write_vector(const Id& group, const char* name, hid_t type, hsize_t count, const void* data) {
  const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose, name);
  const Id set(H5Dcreate2(group.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose, name);
  if (count > 0) check(H5Dwrite(set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
}

}  // namespace

Id create_in_memory() {
  be_quiet();
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access");
  check(H5Pset_fapl_core(access.get(), 65536, 0), "memory file");
  // The oldest format, which is the default: in newer ones H5Fget_file_image() of 1.10 spoils the superblock's
  // checksum.
  return Id(H5Fcreate("manifest", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose, "creating the file");
}

std::vector<unsigned char> image_of(const Id& file, std::size_t in_front) {
  check(H5Fflush(file.get(), H5F_SCOPE_GLOBAL), "flush");
  const ssize_t size = H5Fget_file_image(file.get(), nullptr, 0);
  if (size <= 0) throw PermanentError("manifest: HDF5 gave no file image");
  std::vector<unsigned char> bytes(in_front + static_cast<std::size_t>(size));
  if (H5Fget_file_image(file.get(), bytes.data() + in_front, static_cast<std::size_t>(size)) < 0) {
    throw PermanentError("manifest: HDF5 gave no file image");
  }
  return bytes;
}

Id create_group(const Id& parent, const std::string& name) {
  return Id(H5Gcreate2(parent.get(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, name.c_str());
}

void write_attribute(const Id& object, const char* name, const std::string& value) {
  const Id type = string_type(value.size());
  write_scalar(object, name, type.get(), value.empty() ? "" : value.data());
}

void write_attribute(const Id& object, const char* name, std::uint64_t value) {
  write_scalar(object, name, H5T_NATIVE_UINT64, &value);
}

void write_attribute(const Id& object, const char* name, double value) {
  write_scalar(object, name, H5T_NATIVE_DOUBLE, &value);
}

void write_column(const Id& group, const char* name, const std::vector<std::string>& values) {
  std::size_t width = 1;
  for (const auto& v : values) width = std::max(width, v.size());
  std::vector<char> data(width * values.size(), '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), data.begin() + static_cast<std::ptrdiff_t>(i * width));
  write_vector(group, name, string_type(width).get(), values.size(), data.data());
}

void write_column(const Id& group, const char* name, const std::vector<std::uint64_t>& values) {
  write_vector(group, name, H5T_NATIVE_UINT64, values.size(), values.data());
}

void write_column(const Id& group, const char* name, const std::vector<double>& values) {
  write_vector(group, name, H5T_NATIVE_DOUBLE, values.size(), values.data());
}

}  // namespace cairn::hdf5
