// SPDX-License-Identifier: Apache-2.0
// MPI-IO: the handles' side. Reading and writing are generated. An open file keeps the job from being checkpointed.
#include <cstring>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"
#include "mpi/shim/objects/ask.hpp"
#include "mpi/shim/objects/datatype/types.hpp"
#include "mpi/shim/objects/errhandler/errhandler.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {

void file_rebind() noexcept { store<ompi_file_t>().pool.rebind(real_objects.file_null); }

std::size_t file_obstacle(char* text, std::size_t capacity) {
  const ompi_file_t* first = store<ompi_file_t>().live.head();
  return first == nullptr ? 0 : describe_obstacle(text, capacity, "an open file", first->label, "MPI_File_open");
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

namespace {

MPI_File adopt(RealFile* made, const char* filename) {
  const crcp::InnerLock lock;
  ompi_file_t* file = store<ompi_file_t>().pool.allocate(Kind::file);
  file->real = made;
  file->errhandler = errhandler_share(default_file_errhandler());
  const char* last = std::strrchr(filename, '/');
  std::strncpy(file->label, last != nullptr ? last + 1 : filename, sizeof file->label - 1);
  store<ompi_file_t>().live.add(file);
  cross(real.File_set_errhandler, made, real_objects.errors_return);
  return file;
}

}  // namespace

int PMPI_File_open(MPI_Comm comm, const char* filename, int amode, MPI_Info info, MPI_File* file) {
  int rc;
  {
    CollectiveScope scope(comm, "MPI_File_open");
    const InfoScope real_info(info);
    RealFile* made = real_objects.file_null;
    rc = cross(real.File_open, to_real(comm), filename, amode, real_info.get(), file == nullptr ? nullptr : &made);
    if (rc == MPI_SUCCESS) *file = adopt(made, filename);
  }
  // An invalid communicator is reported to it; everything else to the default handler of files.
  if (rc == MPI_SUCCESS) return rc;
  return usable(comm) ? raise(MPI_FILE_NULL, rc, "MPI_File_open") : raise(comm, rc, "MPI_File_open");
}
CAIRN_MPI_WEAK(MPI_File_open);

int PMPI_File_close(MPI_File* file) {
  if (file == nullptr || !usable(*file)) return raise(MPI_FILE_NULL, MPI_ERR_FILE, "MPI_File_close");
  int rc;
  ompi_file_t* object = *file;
  {
    const InsideScope scope("MPI_File_close");
    RealFile* gone = to_real(object);
    rc = cross(real.File_close, &gone);
  }
  if (rc != MPI_SUCCESS) return raise(object, rc, "MPI_File_close");
  errhandler_drop(object->errhandler);
  const crcp::InnerLock lock;
  store<ompi_file_t>().live.remove(object);
  store<ompi_file_t>().pool.release(object, real_objects.file_null);
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
  return ask_info(file, &RealFunctions::File_get_info, info, "MPI_File_get_info");
}
CAIRN_MPI_WEAK(MPI_File_get_info);

namespace {

// The real library makes datatypes of its own for the answer: what they are made of tells the guest's handle. Gives it
// to the caller, and takes the caller's hold on the real one.
MPI_Datatype adopt_type(RealDatatype* type);

bool is_predefined(MPI_Datatype type) { return type == nullptr || type->recipe == nullptr; }

int make_equal(RealDatatype* type, TypeRecipe* recipe, const int (&n)[3], MPI_Datatype* made) {
  recipe->committed = true;
  recipe->integers.resize(static_cast<std::size_t>(n[0]));
  recipe->addresses.resize(static_cast<std::size_t>(n[1]));
  std::vector<RealDatatype*> real_parts(static_cast<std::size_t>(n[2]));
  cross(real.Type_get_contents, type, n[0], n[1], n[2], recipe->integers.data(), recipe->addresses.data(),
        real_parts.data());
  std::vector<MPI_Datatype> parts;  // must be there until the whole is made
  for (RealDatatype* part : real_parts) {
    parts.push_back(adopt_type(part));
    recipe->children.push_back(child_of(parts.back()));
  }
  const int rc = type_make(recipe, made, "MPI_File_get_view");
  if (rc == MPI_SUCCESS) cross(real.Type_commit, &recipe->real);
  for (MPI_Datatype& part : parts)
    if (!is_predefined(part) && !part->recipe->permanent) PMPI_Type_free(&part);
  return rc;
}

MPI_Datatype adopt_type(RealDatatype* type) {
  MPI_Datatype made = from_real(type);
  if (made != nullptr && is_predefined(made)) return made;
  int n[3], combiner;
  cross(real.Type_get_envelope, type, &n[0], &n[1], &n[2], &combiner);
  if (made != nullptr) {
    made = made->recipe->permanent ? made : recipe_handle(made->recipe);
  } else if (combiner == MPI_COMBINER_NAMED) {
    return MPI_DATATYPE_NULL;
  } else {
    auto* recipe = new TypeRecipe;
    recipe->combiner = combiner;
    if (make_equal(type, recipe, n, &made) != MPI_SUCCESS) return MPI_DATATYPE_NULL;
  }
  cross(real.Type_free, &type);
  return made;
}

}  // namespace

int PMPI_File_get_view(MPI_File file, MPI_Offset* disp, MPI_Datatype* etype, MPI_Datatype* filetype, char* datarep) {
  return section_call(file, "MPI_File_get_view", [&] {
    RealDatatype *real_etype = nullptr, *real_filetype = nullptr;
    const int rc = cross(real.File_get_view, to_real(file), disp, etype == nullptr ? nullptr : &real_etype,
                         filetype == nullptr ? nullptr : &real_filetype, datarep);
    if (rc == MPI_SUCCESS) {
      *etype = adopt_type(real_etype);
      *filetype = adopt_type(real_filetype);
    }
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_File_get_view);

// Data representations of the application would be called by the real library at any time, also while a checkpoint is
// taken; they are refused as the real library refuses what it does not know.
int PMPI_Register_datarep(const char*, MPI_Datarep_conversion_function*, MPI_Datarep_conversion_function*,
                          MPI_Datarep_extent_function*, void*) {
  return raise(MPI_FILE_NULL, MPI_ERR_UNSUPPORTED_DATAREP, "MPI_Register_datarep");
}
CAIRN_MPI_WEAK(MPI_Register_datarep);
