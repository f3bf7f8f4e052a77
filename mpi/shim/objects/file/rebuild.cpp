// SPDX-License-Identifier: Apache-2.0
// Files at a cut and after a restart. All members of a file's communicator open it again, in the order in which the
// communicators are made: so there is always one that can be opened (communicator/rebuild.cpp).
#include <algorithm>
#include <cstdio>
#include <vector>

#include "mpi/crcp/agent.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/file/open_file.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kNotAgain = MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_APPEND | MPI_MODE_DELETE_ON_CLOSE;

int set_view(const OpenFile& open, RealFile* made) {
  const FileView& view = open.view;
  if (!view.set) return MPI_SUCCESS;
  return cross(real.File_set_view, made, view.displacement, view.etype.real(), view.filetype.real(),
               view.representation.c_str(), real_objects.info_null);
}

// One that is nowhere asked for is not needed: some file systems cannot do it.
int seek_shared(const OpenFile& open, RealFile* made) {
  MPI_Offset position = 0;
  int rc = cross(real.Allreduce, static_cast<const void*>(&open.shared_position), static_cast<void*>(&position), 1,
                 to_real(MPI_OFFSET), to_real(MPI_MAX), to_real(open.comm));
  if (rc == MPI_SUCCESS && position > 0)
    rc = cross(real.File_seek_shared, made, position, static_cast<int>(MPI_SEEK_SET));
  return rc;
}

int open_again(ompi_file_t& file) {
  OpenFile& open = *file.open;
  open.relocate();
  file.real = real_objects.file_null;  // so it stays if it cannot be opened
  RealFile* made = real_objects.file_null;
  const InfoScope info(open.info != nullptr ? open.info : MPI_INFO_NULL);
  int rc = cross(real.File_open, to_real(open.comm), open.name.c_str(), open.amode & ~kNotAgain, info.get(), &made);
  if (rc == MPI_SUCCESS) rc = cross(real.File_set_errhandler, made, real_objects.errors_return);
  if (rc == MPI_SUCCESS) rc = set_view(open, made);
  if (rc == MPI_SUCCESS && open.atomicity != 0) rc = cross(real.File_set_atomicity, made, open.atomicity);
  if (rc == MPI_SUCCESS && open.position > 0)
    rc = cross(real.File_seek, made, open.position, static_cast<int>(MPI_SEEK_SET));
  if (rc == MPI_SUCCESS) rc = seek_shared(open, made);
  if (rc == MPI_SUCCESS) file.real = made;
  return rc;
}

std::vector<ompi_file_t*> in_order() {
  std::vector<ompi_file_t*> all;
  for (ompi_file_t* file = store<ompi_file_t>().live.head(); file != nullptr; file = file->next) all.push_back(file);
  std::sort(all.begin(), all.end(), [](const ompi_file_t* a, const ompi_file_t* b) {
    return a->open->comm->identity < b->open->comm->identity;
  });
  return all;
}

// Null, or why it could not be opened again; whether it is there is asked elsewhere (places.hpp).
const char* objection(const OpenFile& open) {
  if (open.closing) return nullptr;
  if (!open.with_all) return "could not be opened by all ranks";
  // Not every library says where the shared pointer of such a file is.
  if ((open.amode & MPI_MODE_SEQUENTIAL) != 0) return "is open with MPI_MODE_SEQUENTIAL";
  return nullptr;
}

}  // namespace

void file_rebind() noexcept { store<ompi_file_t>().pool.rebind(real_objects.file_null); }

void file_park() noexcept {
  crcp::agent::forget_open_files();
  for (ompi_file_t* file = store<ompi_file_t>().live.head(); file != nullptr; file = file->next) {
    OpenFile& open = *file->open;
    RealFile* const of = to_real(file);
    crcp::agent::tell_open_file(open.path(), (open.amode & MPI_MODE_RDONLY) == 0, open.device, open.inode);
    if (cross(real.File_get_position, of, &open.position) != MPI_SUCCESS) open.position = -1;
    if (cross(real.File_get_position_shared, of, &open.shared_position) != MPI_SUCCESS) open.shared_position = -1;
    if (cross(real.File_get_atomicity, of, &open.atomicity) != MPI_SUCCESS) open.atomicity = 0;
  }
}

int file_rebuild() {
  for (ompi_file_t* file : in_order())
    if (const int rc = open_again(*file); rc != MPI_SUCCESS) return rc;
  return MPI_SUCCESS;
}

std::string file_culprit() {
  for (const ompi_file_t* file : in_order())
    if (file->real == real_objects.file_null) return file->open->path();
  return {};
}

std::size_t file_obstacle(char* text, std::size_t capacity) {
  for (ompi_file_t* file = store<ompi_file_t>().live.head(); file != nullptr; file = file->next) {
    const char* const why = objection(*file->open);
    if (why == nullptr) continue;
    const int n = std::snprintf(text, capacity, "the open file '%s' %s (MPI_File_open)", file->label, why);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return 0;
}

}  // namespace cairn::shim
