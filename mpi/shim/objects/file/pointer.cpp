// SPDX-License-Identifier: Apache-2.0
// Non-blocking collective calls that use the individual file pointer. The pointer moves when they are called: one whose
// door is closed is recorded as the same operation at an offset, and the pointer is moved at once.
#include "mpi/shim/objects/file/open_file.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

// Gives where the pointer is, in etypes, and moves it behind `count` elements. In a section.
int pass_by(MPI_File file, int count, MPI_Datatype type, MPI_Offset* offset) {
  RealFile* const of = to_real(file);
  RealDatatype* const etype = file->open->view.set ? file->open->view.etype.real() : to_real(MPI_BYTE);
  MPI_Count bytes = 0, unit = 0;
  int rc = cross(real.File_get_position, of, offset);
  if (rc == MPI_SUCCESS) rc = cross(real.Type_size_x, to_real(type), &bytes);
  if (rc == MPI_SUCCESS) rc = cross(real.Type_size_x, etype, &unit);
  if (rc != MPI_SUCCESS || unit == 0) return rc;
  return cross(real.File_seek, of, static_cast<MPI_Offset>(count) * bytes / unit, static_cast<int>(MPI_SEEK_CUR));
}

// `at` is the function with an offset.
template <class Buffer, class Function, class FunctionAt>
int start(MPI_File file, Buffer buf, int count, MPI_Datatype type, MPI_Request* request, const char* name,
          Function RealFunctions::*function, FunctionAt RealFunctions::*at) {
  int rc;
  {
    CollectiveScope scope(request == nullptr ? nullptr : file_comm(file), name, CollectiveScope::Deferrable{});
    if (scope.deferred()) {
      MPI_Offset offset = 0;
      const int passed = pass_by(file, count, type, &offset);
      const MPI_Request r = scope.record([=, held = HeldType(type)](RealRequest** made) mutable noexcept {
        return passed != MPI_SUCCESS ? passed : cross(real.*at, to_real(file), offset, buf, count, held.real(), made);
      });
      *request = p2p::errors_to(file, r);
      return MPI_SUCCESS;
    }
    RealRequest* made = real_objects.request_null;
    rc = cross(real.*function, to_real(file), buf, count, to_real(type), request == nullptr ? nullptr : &made);
    if (rc == MPI_SUCCESS) *request = p2p::errors_to(file, track_request(made, p2p::RequestKind::io, file_comm(file)));
  }
  return rc == MPI_SUCCESS ? rc : raise(file, rc, name);
}

}  // namespace

int PMPI_File_iread_all(MPI_File file, void* buf, int count, MPI_Datatype type, MPI_Request* request) {
  return start(file, buf, count, type, request, "MPI_File_iread_all", &RealFunctions::File_iread_all,
               &RealFunctions::File_iread_at_all);
}
CAIRN_MPI_WEAK(MPI_File_iread_all);

int PMPI_File_iwrite_all(MPI_File file, const void* buf, int count, MPI_Datatype type, MPI_Request* request) {
  return start(file, buf, count, type, request, "MPI_File_iwrite_all", &RealFunctions::File_iwrite_all,
               &RealFunctions::File_iwrite_at_all);
}
CAIRN_MPI_WEAK(MPI_File_iwrite_all);
