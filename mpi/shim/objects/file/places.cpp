// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/file/places.hpp"

#include <sys/stat.h>

#include "mpi/shim/objects/file/open_file.hpp"
#include "mpi/shim/objects/pool.hpp"

namespace cairn::shim {

std::vector<FilePlace> file_places() {
  std::vector<FilePlace> places;
  for (ompi_file_t* file = store<ompi_file_t>().live.head(); file != nullptr; file = file->next) {
    const OpenFile& open = *file->open;
    if (!open.closing) places.push_back({open.path(), file->label, open.device, open.inode});
  }
  return places;
}

std::vector<FilePlace> displaced_files(std::vector<FilePlace> places) {
  std::erase_if(places, [](const FilePlace& place) {
    struct stat status {};
    return stat(place.path.c_str(), &status) == 0 && status.st_dev == place.device && status.st_ino == place.inode;
  });
  return places;
}

}  // namespace cairn::shim
