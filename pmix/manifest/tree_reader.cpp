// SPDX-License-Identifier: Apache-2.0
// HDF5 to Tree.
#include <algorithm>
#include <bit>
#include <cstring>

#include "pmix/manifest/hdf5_id.hpp"
#include "pmix/manifest/tree.hpp"

namespace cairn::manifest {
namespace {

using hdf5::check;
using hdf5::Id;

constexpr int kDeepest = 4;  // "/sequences/0/images"
constexpr std::size_t kMostObjects = 1u << 20;
constexpr std::size_t kLongestText = 65536;

class Reader {
 public:
  explicit Reader(std::size_t file_size) : file_size_(file_size) {}

  void read_group(const Id& group, const std::string& path, int depth) {
    count();
    const std::size_t index = tree_.groups.size();
    tree_.groups.emplace_back().path = path;
    for (const std::string& name : attribute_names(group)) {
      const Id attribute(H5Aopen(group.get(), name.c_str(), H5P_DEFAULT), H5Aclose, name);
      read_attribute(attribute, name, tree_.groups[index].attributes);
    }
    for (const std::string& name : link_names(group)) {
      const Id object(H5Oopen(group.get(), name.c_str(), H5P_DEFAULT), H5Oclose, name);
      switch (H5Iget_type(object.get())) {
        case H5I_GROUP:
          if (depth == kDeepest) throw PermanentError("manifest: groups lie too deep");
          read_group(object, (path == "/" ? path : path + "/") + name, depth + 1);
          break;
        case H5I_DATASET:
          read_column(object, name, tree_.groups[index].columns);
          break;
        default:
          break;
      }
    }
  }

  Tree take() { return std::move(tree_); }

 private:
  void count() {
    if (++objects_ > kMostObjects) throw PermanentError("manifest: too many objects");
  }

  std::vector<std::string> attribute_names(const Id& group) {
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* out) -> herr_t {
      static_cast<std::vector<std::string>*>(out)->emplace_back(name);
      return 0;
    };
    hsize_t position = 0;
    check(H5Aiterate2(group.get(), H5_INDEX_NAME, H5_ITER_INC, &position, collect, &names), "listing attributes");
    return names;
  }

  std::vector<std::string> link_names(const Id& group) {
    struct Found {
      std::vector<std::string> names;
      bool hard = true;
    } found;
    const auto collect = [](hid_t, const char* name, const H5L_info_t* info, void* out) -> herr_t {
      auto* all = static_cast<Found*>(out);
      all->names.emplace_back(name);
      all->hard = all->hard && info->type == H5L_TYPE_HARD;
      return 0;
    };
    hsize_t position = 0;
    check(H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, &position, collect, &found), "listing a group");
    if (!found.hard) throw PermanentError("manifest: a link leads to another place");
    return std::move(found.names);
  }

  void read_attribute(const Id& attribute, const std::string& name, std::vector<Values>& out) {
    const Id space(H5Aget_space(attribute.get()), H5Sclose, name);
    const Id type(H5Aget_type(attribute.get()), H5Tclose, name);
    if (H5Sget_simple_extent_npoints(space.get()) != 1) return;
    const auto read = [&](hid_t memory, void* data) { return H5Aread(attribute.get(), memory, data); };
    read_values(type, 1, name, read, out);
  }

  void read_column(const Id& set, const std::string& name, std::vector<Values>& out) {
    const Id space(H5Dget_space(set.get()), H5Sclose, name);
    const Id type(H5Dget_type(set.get()), H5Tclose, name);
    const Id made(H5Dget_create_plist(set.get()), H5Pclose, name);
    const H5D_layout_t layout = H5Pget_layout(made.get());
    if ((layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) || H5Pget_external_count(made.get()) != 0 ||
        H5Pget_nfilters(made.get()) != 0)
      throw PermanentError("manifest: column " + name + " does not lie in the file as it should");
    const hssize_t count = H5Sget_simple_extent_npoints(space.get());
    if (H5Sget_simple_extent_ndims(space.get()) != 1 || count < 0)
      throw PermanentError("manifest: column " + name + " has an impossible shape");
    const auto read = [&](hid_t memory, void* data) {
      return H5Dread(set.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    };
    read_values(type, static_cast<std::size_t>(count), name, read, out);
  }

  // Fixed-length strings only: variable-length ones would let a file make libhdf5 allocate at will.
  template <class Read>
  void read_values(const Id& type, std::size_t count, const std::string& name, Read read, std::vector<Values>& out) {
    this->count();
    const std::size_t width = H5Tget_size(type.get());
    if (width == 0 || width > kLongestText || count > file_size_ / width)
      throw PermanentError("manifest: " + name + " is larger than the file");
    Values values;
    values.name = name;
    switch (H5Tget_class(type.get())) {
      case H5T_STRING:
        if (H5Tis_variable_str(type.get()) != 0)
          throw PermanentError("manifest: " + name + " is no text of fixed length");
        values.texts = read_texts(type, count, width, name, read);
        break;
      case H5T_INTEGER:
        values.kind = Kind::number;
        values.numbers.resize(count);
        if (count > 0) check(read(H5T_NATIVE_UINT64, values.numbers.data()), name);
        break;
      case H5T_FLOAT: {
        values.kind = Kind::time;
        std::vector<double> times(count);
        if (count > 0) check(read(H5T_NATIVE_DOUBLE, times.data()), name);
        for (const double t : times) values.numbers.push_back(std::bit_cast<std::uint64_t>(t));
        break;
      }
      default:
        return;
    }
    out.push_back(std::move(values));
  }

  template <class Read>
  static std::vector<std::string> read_texts(const Id& type, std::size_t count, std::size_t width,
                                             const std::string& name, Read read) {
    std::vector<char> data(count * width);
    if (count > 0) check(read(type.get(), data.data()), name);
    std::vector<std::string> texts;
    for (auto at = data.begin(); at != data.end(); at += static_cast<std::ptrdiff_t>(width))
      texts.emplace_back(at, std::find(at, at + static_cast<std::ptrdiff_t>(width), '\0'));
    return texts;
  }

  const std::size_t file_size_;
  std::size_t objects_ = 0;
  Tree tree_;
};

}  // namespace

Tree read_tree(const std::vector<unsigned char>& file) {
  hdf5::be_quiet();
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file access");
  check(H5Pset_fapl_core(access.get(), 65536, 0), "memory file");
  check(H5Pset_file_image(access.get(), const_cast<unsigned char*>(file.data()), file.size()), "file image");
  const Id opened(H5Fopen("manifest", H5F_ACC_RDONLY, access.get()), H5Fclose, "opening the file");
  Reader reader(file.size());
  reader.read_group(Id(H5Gopen2(opened.get(), "/", H5P_DEFAULT), H5Gclose, "/"), "/", 0);
  return reader.take();
}

}  // namespace cairn::manifest
