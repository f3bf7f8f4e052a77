// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/hdf5.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace cairn::hdf5 {
namespace {

constexpr hsize_t kMaxElements = hsize_t{1} << 24;
constexpr std::size_t kMaxString = 65536;

void check(herr_t status, const std::string& what) {
  if (status < 0) throw PermanentError("manifest: HDF5 failed at " + what);
}

void quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

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

Id open_scalar(const Id& object, const char* name) {
  Id attribute(H5Aopen(object.get(), name, H5P_DEFAULT), H5Aclose, name);
  const Id space(H5Aget_space(attribute.get()), H5Sclose, name);
  if (H5Sget_simple_extent_npoints(space.get()) != 1)
    throw PermanentError(std::string("manifest: attribute ") + name + " is no single value");
  return attribute;
}

void write_vector(const Id& group, const char* name, hid_t type, hsize_t count, const void* data) {
  const Id space(H5Screate_simple(1, &count, nullptr), H5Sclose, name);
  const Id set(H5Dcreate2(group.get(), name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose, name);
  if (count > 0) check(H5Dwrite(set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
}

struct Column {
  Id set;
  std::size_t count;
};

Column open_column(const Id& group, const char* name) {
  Id set(H5Dopen2(group.get(), name, H5P_DEFAULT), H5Dclose, name);
  const Id space(H5Dget_space(set.get()), H5Sclose, name);
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (H5Sget_simple_extent_ndims(space.get()) != 1 || count < 0 || static_cast<hsize_t>(count) > kMaxElements) {
    throw PermanentError(std::string("manifest: column ") + name + " has an impossible shape");
  }
  return {std::move(set), static_cast<std::size_t>(count)};
}

template <typename T>
std::vector<T> read_numbers(const Id& group, const char* name, hid_t type) {
  const Column column = open_column(group, name);
  std::vector<T> values(column.count);
  if (!values.empty()) check(H5Dread(column.set.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), name);
  return values;
}

// Fixed-length strings only: variable-length ones would let a file make libhdf5 allocate at will.
std::size_t checked_size(const Id& type, const char* name) {
  const std::size_t size = H5Tget_size(type.get());
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0 || size == 0 || size > kMaxString) {
    throw PermanentError(std::string("manifest: ") + name + " is no string of fixed length");
  }
  return size;
}

std::string trimmed(const char* data, std::size_t size) { return {data, std::find(data, data + size, '\0')}; }

}  // namespace

Id::Id(hid_t id, herr_t (*close)(hid_t), const char* what) : id_(id), close_(close) {
  if (id < 0) throw PermanentError(std::string("manifest: HDF5 failed at ") + what);
}

Id create_in_memory() {
  quiet();
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

Id open_from_memory(const std::vector<unsigned char>& bytes) {
  quiet();
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access");
  check(H5Pset_fapl_core(access.get(), 65536, 0), "memory file");
  check(H5Pset_file_image(access.get(), const_cast<unsigned char*>(bytes.data()), bytes.size()), "file image");
  return Id(H5Fopen("manifest", H5F_ACC_RDONLY, access.get()), H5Fclose, "opening the file");
}

Id create_group(const Id& parent, const std::string& name) {
  return Id(H5Gcreate2(parent.get(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, name.c_str());
}

Id open_group(const Id& parent, const std::string& name) {
  return Id(H5Gopen2(parent.get(), name.c_str(), H5P_DEFAULT), H5Gclose, name.c_str());
}

std::vector<std::string> group_names(const Id& parent) {
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  hsize_t position = 0;
  check(H5Literate(parent.get(), H5_INDEX_NAME, H5_ITER_INC, &position, collect, &names), "listing a group");
  return names;
}

bool has_member(const Id& group, const std::string& name) {
  return H5Lexists(group.get(), name.c_str(), H5P_DEFAULT) > 0;
}

bool has_attribute(const Id& object, const std::string& name) { return H5Aexists(object.get(), name.c_str()) > 0; }

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

std::string read_string(const Id& object, const char* name) {
  const Id attribute = open_scalar(object, name);
  const Id type(H5Aget_type(attribute.get()), H5Tclose, name);
  std::vector<char> data(checked_size(type, name));
  check(H5Aread(attribute.get(), type.get(), data.data()), name);
  return trimmed(data.data(), data.size());
}

std::uint64_t read_u64(const Id& object, const char* name) {
  std::uint64_t value = 0;
  check(H5Aread(open_scalar(object, name).get(), H5T_NATIVE_UINT64, &value), name);
  return value;
}

double read_double(const Id& object, const char* name) {
  double value = 0;
  check(H5Aread(open_scalar(object, name).get(), H5T_NATIVE_DOUBLE, &value), name);
  return value;
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

std::vector<std::string> read_strings(const Id& group, const char* name) {
  const Column column = open_column(group, name);
  const Id type(H5Dget_type(column.set.get()), H5Tclose, name);
  const std::size_t width = checked_size(type, name);
  if (column.count * width > (std::size_t{1} << 30))
    throw PermanentError(std::string("manifest: column ") + name + " is too large");
  std::vector<char> data(column.count * width);
  if (!data.empty()) check(H5Dread(column.set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data.data()), name);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < column.count; ++i) values.push_back(trimmed(data.data() + i * width, width));
  return values;
}

std::vector<std::uint64_t> read_u64s(const Id& group, const char* name) {
  return read_numbers<std::uint64_t>(group, name, H5T_NATIVE_UINT64);
}

std::vector<double> read_doubles(const Id& group, const char* name) {
  return read_numbers<double>(group, name, H5T_NATIVE_DOUBLE);
}

}  // namespace cairn::hdf5
