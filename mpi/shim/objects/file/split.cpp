// SPDX-License-Identifier: Apache-2.0
// Split collectives. The standard allows to do all of the work when they begin: so nothing of them is ever pending in
// the library, and the end only says what has become of it. The library's own pair is called, and not the blocking
// function: OMPIO does them in different ways, and not all of them are right.
#include "mpi/p2p/request.hpp"
#include "mpi/shim/objects/file/open_file.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

// `what` is a literal of its own for each pair of functions. `place`: the offset, or nothing.
template <class Begin, class End, class Buffer, class... Place>
int begin(MPI_File file, const char* what, const char* name, Begin RealFunctions::*first, End RealFunctions::*last,
          Buffer buf, int count, MPI_Datatype type, Place... place) {
  int rc;
  {
    CollectiveScope scope(file_comm(file), name);
    MPI_Status status{};
    const bool other = usable(file) && file->open->split != nullptr;  // one at a time
    rc = other ? MPI_ERR_OTHER : cross(real.*first, to_real(file), place..., buf, count, to_real(type));
    if (rc == MPI_SUCCESS) rc = cross(real.*last, to_real(file), buf, &status);
    if (rc == MPI_SUCCESS) {
      file->open->split = what;
      file->open->split_status = status;
    }
  }
  return rc == MPI_SUCCESS ? rc : raise(file, rc, name);
}

int end(MPI_File file, const char* what, const char* name, MPI_Status* status) {
  if (!usable(file)) return raise(MPI_FILE_NULL, MPI_ERR_FILE, name);
  OpenFile& open = *file->open;
  if (open.split != what) return raise(file, MPI_ERR_OTHER, name);
  open.split = nullptr;
  p2p::copy_status(status, open.split_status);
  return MPI_SUCCESS;
}

constexpr char kReadAtAll[] = "read_at_all", kWriteAtAll[] = "write_at_all", kReadAll[] = "read_all";
constexpr char kWriteAll[] = "write_all", kReadOrdered[] = "read_ordered", kWriteOrdered[] = "write_ordered";

}  // namespace

// A pair of functions: with the offset as an argument, or without.
#define CAIRN_SPLIT_AT(NAME, BUFFER, WHAT)                                                                   \
  int PMPI_File_##NAME##_begin(MPI_File file, MPI_Offset offset, BUFFER buf, int count, MPI_Datatype type) { \
    return begin(file, WHAT, "MPI_File_" #NAME "_begin", &RealFunctions::File_##NAME##_begin,                \
                 &RealFunctions::File_##NAME##_end, buf, count, type, offset);                               \
  }                                                                                                          \
  CAIRN_MPI_WEAK(MPI_File_##NAME##_begin);                                                                   \
  CAIRN_SPLIT_END(NAME, BUFFER, WHAT)
#define CAIRN_SPLIT(NAME, BUFFER, WHAT)                                                       \
  int PMPI_File_##NAME##_begin(MPI_File file, BUFFER buf, int count, MPI_Datatype type) {     \
    return begin(file, WHAT, "MPI_File_" #NAME "_begin", &RealFunctions::File_##NAME##_begin, \
                 &RealFunctions::File_##NAME##_end, buf, count, type);                        \
  }                                                                                           \
  CAIRN_MPI_WEAK(MPI_File_##NAME##_begin);                                                    \
  CAIRN_SPLIT_END(NAME, BUFFER, WHAT)
#define CAIRN_SPLIT_END(NAME, BUFFER, WHAT)                               \
  int PMPI_File_##NAME##_end(MPI_File file, BUFFER, MPI_Status* status) { \
    return end(file, WHAT, "MPI_File_" #NAME "_end", status);             \
  }                                                                       \
  CAIRN_MPI_WEAK(MPI_File_##NAME##_end)

CAIRN_SPLIT_AT(read_at_all, void*, kReadAtAll);
CAIRN_SPLIT_AT(write_at_all, const void*, kWriteAtAll);
CAIRN_SPLIT(read_all, void*, kReadAll);
CAIRN_SPLIT(write_all, const void*, kWriteAll);
CAIRN_SPLIT(read_ordered, void*, kReadOrdered);
CAIRN_SPLIT(write_ordered, const void*, kWriteOrdered);
