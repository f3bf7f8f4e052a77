// SPDX-License-Identifier: Apache-2.0
// MPI-IO: the handles' side. Reading and writing are generated, but for split collectives (split.cpp) and those that
// use a pointer and do not wait (pointer.cpp).
#include <cstdio>
#include <cstring>

#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/ask.hpp"
#include "mpi/shim/objects/communicator/create.hpp"
#include "mpi/shim/objects/errhandler/errhandler.hpp"
#include "mpi/shim/objects/file/open_file.hpp"
#include "mpi/shim/objects/pool.hpp"

namespace cairn::shim {

ompi_communicator_t* file_comm(const ompi_file_t* file) noexcept { return usable(file) ? file->open->comm : nullptr; }

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

namespace {

MPI_File adopt(RealFile* made, OpenFile* open) {
  const crcp::InnerLock lock;
  ompi_file_t* file = store<ompi_file_t>().pool.allocate(Kind::file);
  file->real = made;
  file->errhandler = errhandler_share(default_file_errhandler());
  file->open = open;
  const std::string last = open->name.substr(open->name.rfind('/') + 1);
  std::strncpy(file->label, last.c_str(), sizeof file->label - 1);
  std::snprintf(open->comm->name, sizeof open->comm->name, "the file %.40s", file->label);
  store<ompi_file_t>().live.add(file);
  cross(real.File_set_errhandler, made, real_objects.errors_return);
  return file;
}

void forget(ompi_file_t* file) {
  errhandler_drop(file->errhandler);
  const crcp::InnerLock lock;
  delete file->open;
  file->open = nullptr;
  store<ompi_file_t>().live.remove(file);
  store<ompi_file_t>().pool.release(file, real_objects.file_null);
}

// At how many members: all of them, or at least one. Collective.
struct Failed {
  bool everywhere, somewhere;
};
Failed failed(MPI_Comm own, int rc) {
  const int mine[2] = {rc != MPI_SUCCESS ? 1 : 0, rc != MPI_SUCCESS ? -1 : 0};
  int least[2] = {0, 0};
  cross(real.Allreduce, static_cast<const void*>(mine), static_cast<void*>(least), 2, to_real(MPI_INT),
        to_real(MPI_MIN), to_real(own));
  return {least[0] != 0, least[1] != 0};
}

// The library never knows that a file goes when it is closed: it would delete it too when a process ends that a
// checkpoint has been taken of.
constexpr int kOurs = MPI_MODE_DELETE_ON_CLOSE;

// Like Open MPI it does not say whether the file could be deleted.
int close_on(MPI_Comm own, const OpenFile& open, RealFile* gone) {
  const int rc = cross(real.File_close, &gone);
  if (rc != MPI_SUCCESS || (open.amode & MPI_MODE_DELETE_ON_CLOSE) == 0) return rc;
  if (own->rank == 0) cross(real.File_delete, open.name.c_str(), real_objects.info_null);
  cross(real.Barrier, to_real(own));
  return MPI_SUCCESS;
}

int open_on(MPI_Comm own, const char* filename, int amode, MPI_Info info, MPI_File* file) {
  CollectiveScope scope(own, "MPI_File_open", crcp::Fate::ends);
  const InfoScope real_info(info);
  Made made(file);
  const int rc = cross(real.File_open, to_real(own), filename, amode & ~kOurs, real_info.get(), made.place());
  const Failed has_failed = failed(own, rc);
  if (has_failed.everywhere) comm_free_inside(own);  // who fails alone keeps the communicator that others have
  return made.settle(rc, [&](RealFile* real_file) {
    auto* const open = new OpenFile(own, filename, amode, info);
    open->with_all = !has_failed.somewhere;
    return adopt(real_file, open);
  });
}

}  // namespace

int PMPI_File_open(MPI_Comm comm, const char* filename, int amode, MPI_Info info, MPI_File* file) {
  if (!usable(comm) || comm->inter || filename == nullptr || file == nullptr) {  // the library has its words for it
    return section_call(comm, "MPI_File_open", [&] {
      const InfoScope real_info(info);
      Made made(file);
      const int rc = cross(real.File_open, to_real(comm), filename, amode, real_info.get(), made.place());
      return made.settle(rc, [](RealFile*) { return MPI_FILE_NULL; });
    });
  }
  MPI_Comm own = MPI_COMM_NULL;
  if (const int rc = comm_duplicate(comm, &own, "MPI_File_open"); rc != MPI_SUCCESS) return rc;
  const int rc = open_on(own, filename, amode, info, file);
  return rc == MPI_SUCCESS ? rc : raise(MPI_FILE_NULL, rc, "MPI_File_open");
}
CAIRN_MPI_WEAK(MPI_File_open);

int PMPI_File_close(MPI_File* file) {
  if (file == nullptr || !usable(*file)) return raise(MPI_FILE_NULL, MPI_ERR_FILE, "MPI_File_close");
  int rc;
  ompi_file_t* object = *file;
  ompi_communicator_t* const own = object->open->comm;
  {
    CollectiveScope scope(own, "MPI_File_close", crcp::Fate::ends);
    object->open->closing = true;
    rc = close_on(own, *object->open, to_real(object));
    // Before the door is left: a checkpoint finds it closed at every member or at none.
    if (rc == MPI_SUCCESS) {
      forget(object);
      comm_free_inside(own);
    } else {
      object->open->closing = false;
    }
  }
  if (rc != MPI_SUCCESS) return raise(object, rc, "MPI_File_close");
  *file = MPI_FILE_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_File_close);

int PMPI_File_delete(const char* filename, MPI_Info info) {
  return section_call(MPI_FILE_NULL, "MPI_File_delete", [&] {
    const InfoScope real_info(info);
    const int rc = cross(real.File_delete, filename, real_info.get());
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_File_delete);

int PMPI_File_get_group(MPI_File file, MPI_Group* group) {
  return ask_group(file, &RealFunctions::File_get_group, group, nullptr, "MPI_File_get_group");
}
CAIRN_MPI_WEAK(MPI_File_get_group);

int PMPI_File_get_info(MPI_File file, MPI_Info* info) {
  if (!usable(file)) return raise(MPI_COMM_WORLD, MPI_ERR_COMM, "MPI_File_get_info");  // so says Open MPI 4.1
  return ask_info(file, file, &RealFunctions::File_get_info, info, "MPI_File_get_info");
}
CAIRN_MPI_WEAK(MPI_File_get_info);

int PMPI_File_get_amode(MPI_File file, int* amode) {
  if (!usable(file)) return raise(MPI_FILE_NULL, MPI_ERR_FILE, "MPI_File_get_amode");
  if (amode == nullptr) return raise(file, MPI_ERR_ARG, "MPI_File_get_amode");
  *amode = file->open->amode;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_File_get_amode);

int PMPI_File_set_info(MPI_File file, MPI_Info info) {
  if (!usable(file)) return raise(MPI_COMM_WORLD, MPI_ERR_FILE, "MPI_File_set_info");
  int rc;
  {
    CollectiveScope scope(file_comm(file), "MPI_File_set_info");
    const InfoScope real_info(info);
    rc = cross(real.File_set_info, to_real(file), real_info.get());
    if (rc == MPI_SUCCESS) file->open->add_info(info);
  }
  return rc == MPI_SUCCESS ? rc : raise(file, rc, "MPI_File_set_info");
}
CAIRN_MPI_WEAK(MPI_File_set_info);

// Data representations of the application would be called by the real library at any time, also while a checkpoint is
// taken; they are refused as the real library refuses what it does not know.
int PMPI_Register_datarep(const char*, MPI_Datarep_conversion_function*, MPI_Datarep_conversion_function*,
                          MPI_Datarep_extent_function*, void*) {
  return raise(MPI_FILE_NULL, MPI_ERR_UNSUPPORTED_DATAREP, "MPI_Register_datarep");
}
CAIRN_MPI_WEAK(MPI_Register_datarep);
