// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/file/open_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "mpi/crcp/agent.hpp"
#include "mpi/shim/objects/info/info.hpp"

namespace cairn::shim {
namespace {

// Of a name like "ufs:/scratch/data"; any other colon is a part of the name.
std::size_t prefix_length(const char* name) noexcept {
  static constexpr const char* kSystems[] = {"ufs", "nfs", "lustre", "panfs", "pvfs", "pvfs2", "gpfs", "xfs", "testfs"};
  const std::size_t length = std::strcspn(name, ":/");
  if (name[length] != ':') return 0;
  for (const char* system : kSystems)
    if (std::strlen(system) == length && std::strncmp(name, system, length) == 0) return length + 1;
  return 0;
}

std::string absolute(const char* name) {
  const std::size_t prefix = prefix_length(name);
  char directory[PATH_MAX];
  if (name[prefix] == '/' || getcwd(directory, sizeof directory) == nullptr) return name;
  return std::string(name, prefix) + directory + "/" + (name + prefix);
}

}  // namespace

OpenFile::OpenFile(ompi_communicator_t* own, const char* called, int mode, const ompi_info_t* hints)
    : comm(own), name(absolute(called)), amode(mode), info(info_copy(hints)) {
  identify();
}

OpenFile::~OpenFile() { info_drop(info); }

void OpenFile::add_info(const ompi_info_t* more) { info_add(info, more); }

void OpenFile::identify() noexcept {
  struct stat status {};
  if (stat(path(), &status) != 0) return;
  device = status.st_dev;
  inode = status.st_ino;
}

void OpenFile::relocate() {
  name.replace(prefix_length(name.c_str()), std::string::npos, crcp::agent::place_of(path()));
  identify();
}

const char* OpenFile::path() const noexcept { return name.c_str() + prefix_length(name.c_str()); }

}  // namespace cairn::shim
