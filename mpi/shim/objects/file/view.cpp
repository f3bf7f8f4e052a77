// SPDX-License-Identifier: Apache-2.0
// The view of a file: kept as it was set, asked from the real library.
#include "mpi/shim/objects/ask.hpp"
#include "mpi/shim/objects/datatype/types.hpp"
#include "mpi/shim/objects/file/open_file.hpp"

using namespace cairn;
using namespace cairn::shim;

int PMPI_File_set_view(MPI_File file, MPI_Offset disp, MPI_Datatype etype, MPI_Datatype filetype, const char* datarep,
                       MPI_Info info) {
  int rc;
  {
    CollectiveScope scope(file_comm(file), "MPI_File_set_view");
    const InfoScope real_info(info);
    rc = cross(real.File_set_view, to_real(file), disp, to_real(etype), to_real(filetype), datarep, real_info.get());
    if (rc == MPI_SUCCESS && usable(file)) {
      const crcp::InnerLock lock;
      file->open->view = {true, disp, HeldType(etype), HeldType(filetype), datarep};
      file->open->add_info(info);
    }
  }
  return rc == MPI_SUCCESS ? rc : raise(file, rc, "MPI_File_set_view");
}
CAIRN_MPI_WEAK(MPI_File_set_view);

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
