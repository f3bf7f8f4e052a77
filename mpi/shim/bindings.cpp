// SPDX-License-Identifier: Apache-2.0
// Small functions of the real library that its Fortran bindings and extensions call: strings, null and dup functions of
// attributes, time and addresses by Fortran's names.
#include <cstdlib>
#include <cstring>

#include "core/abi/host_table.h"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

constexpr int kSuccess = 0, kOutOfResource = -2;  // as the bindings expect them

// A blank-padded Fortran string without its padding.
char* copy_trimmed(const char* text, int length) {
  while (length > 0 && *text == ' ') ++text, --length;
  while (length > 0 && text[length - 1] == ' ') --length;
  auto* copy = static_cast<char*>(std::malloc(static_cast<std::size_t>(length) + 1));
  if (copy == nullptr) return nullptr;
  std::memcpy(copy, text, static_cast<std::size_t>(length));
  copy[length] = '\0';
  return copy;
}

char** argv_append(char** argv, int count, char* entry) {
  auto** longer = static_cast<char**>(std::realloc(argv, (static_cast<std::size_t>(count) + 2) * sizeof(char*)));
  if (longer == nullptr) return nullptr;
  longer[count] = entry;
  longer[count + 1] = nullptr;
  return longer;
}

// `limit` < 0: until a blank entry.
int make_argv(const char* array, int length, int stride, int limit, char*** argv) {
  *argv = nullptr;
  int count = 0;
  for (const char* entry = array; limit < 0 || count < limit; entry += stride) {
    char* copy = copy_trimmed(entry, length);
    if (copy == nullptr) return kOutOfResource;
    if (limit < 0 && *copy == '\0') {
      std::free(copy);
      break;
    }
    *argv = argv_append(*argv, count++, copy);
    if (*argv == nullptr) return kOutOfResource;
  }
  if (*argv == nullptr) *argv = static_cast<char**>(std::calloc(1, sizeof(char*)));
  return kSuccess;
}

}  // namespace

CAIRN_MPI_EXPORT int ompi_fortran_string_f2c(const char* fortran, int length, char** c) {
  *c = copy_trimmed(fortran, length);
  return *c == nullptr ? kOutOfResource : kSuccess;
}

CAIRN_MPI_EXPORT int ompi_fortran_string_c2f(const char* c, char* fortran, int length) {
  const std::size_t size = static_cast<std::size_t>(length), used = strnlen(c, size);
  std::memcpy(fortran, c, used);
  std::memset(fortran + used, ' ', size - used);
  return kSuccess;
}

CAIRN_MPI_EXPORT int ompi_fortran_argv_blank_f2c(const char* array, int length, int stride, char*** argv) {
  return make_argv(array, length, stride, -1, argv);
}

CAIRN_MPI_EXPORT int ompi_fortran_argv_count_f2c(const char* array, int count, int length, int stride, char*** argv) {
  return make_argv(array, length, stride, count, argv);
}

// A two-dimensional Fortran array, one row a command: row i begins length * i after the start, its entries are
// length * rows apart.
CAIRN_MPI_EXPORT int ompi_fortran_multiple_argvs_f2c(int rows, const char* array, int length, char**** argvs) {
  *argvs = static_cast<char***>(std::calloc(static_cast<std::size_t>(rows) + 1, sizeof(char**)));
  if (*argvs == nullptr) return kOutOfResource;
  for (int i = 0; i < rows; ++i)
    if (const int rc = make_argv(array + length * i, length, length * rows, -1, &(*argvs)[i]); rc != kSuccess)
      return rc;
  return kSuccess;
}

// ---- null and dup functions of attributes, C ----
#define CAIRN_C_ATTRIBUTE_FUNCTIONS(Prefix, Object)                                                           \
  CAIRN_MPI_EXPORT int OMPI_C_MPI_##Prefix##NULL_DELETE_FN(Object, int, void*, void*) { return MPI_SUCCESS; } \
  CAIRN_MPI_EXPORT int OMPI_C_MPI_##Prefix##NULL_COPY_FN(Object, int, void*, void*, void*, int* flag) {       \
    *flag = 0;                                                                                                \
    return MPI_SUCCESS;                                                                                       \
  }                                                                                                           \
  CAIRN_MPI_EXPORT int OMPI_C_MPI_##Prefix##DUP_FN(Object, int, void*, void* in, void* out, int* flag) {      \
    *flag = 1;                                                                                                \
    *static_cast<void**>(out) = in;                                                                           \
    return MPI_SUCCESS;                                                                                       \
  }
CAIRN_C_ATTRIBUTE_FUNCTIONS(COMM_, MPI_Comm)
CAIRN_C_ATTRIBUTE_FUNCTIONS(TYPE_, MPI_Datatype)
CAIRN_C_ATTRIBUTE_FUNCTIONS(WIN_, MPI_Win)
CAIRN_C_ATTRIBUTE_FUNCTIONS(, MPI_Comm)

// mpi.h makes macros of these names, for C.
#undef MPI_NULL_DELETE_FN
#undef MPI_NULL_COPY_FN
#undef MPI_DUP_FN
#undef MPI_COMM_NULL_DELETE_FN
#undef MPI_COMM_NULL_COPY_FN
#undef MPI_COMM_DUP_FN
#undef MPI_TYPE_NULL_DELETE_FN
#undef MPI_TYPE_NULL_COPY_FN
#undef MPI_TYPE_DUP_FN
#undef MPI_WIN_NULL_DELETE_FN
#undef MPI_WIN_NULL_COPY_FN
#undef MPI_WIN_DUP_FN
#undef MPI_CONVERSION_FN_NULL

// ---- the same for Fortran, under every name a Fortran compiler may give them ----
#define CAIRN_SPELLINGS(function, lower, UPPER)                                                     \
  extern "C" __attribute__((visibility("default"), alias(#function))) decltype(function) lower;     \
  extern "C" __attribute__((visibility("default"), alias(#function))) decltype(function) lower##_;  \
  extern "C" __attribute__((visibility("default"), alias(#function))) decltype(function) lower##__; \
  extern "C" __attribute__((visibility("default"), alias(#function))) decltype(function) UPPER

#define CAIRN_FORTRAN_ATTRIBUTE_FUNCTIONS(prefix, PREFIX, Value)                                                     \
  CAIRN_MPI_EXPORT void ompi_##prefix##null_delete_fn_f(MPI_Fint*, MPI_Fint*, Value*, Value*, MPI_Fint* error) {     \
    *error = MPI_SUCCESS;                                                                                            \
  }                                                                                                                  \
  CAIRN_SPELLINGS(ompi_##prefix##null_delete_fn_f, mpi_##prefix##null_delete_fn, MPI_##PREFIX##NULL_DELETE_FN);      \
  CAIRN_MPI_EXPORT void ompi_##prefix##null_copy_fn_f(MPI_Fint*, MPI_Fint*, Value*, Value*, Value*, MPI_Fint* flag,  \
                                                      MPI_Fint* error) {                                             \
    *flag = 0;                                                                                                       \
    *error = MPI_SUCCESS;                                                                                            \
  }                                                                                                                  \
  CAIRN_SPELLINGS(ompi_##prefix##null_copy_fn_f, mpi_##prefix##null_copy_fn, MPI_##PREFIX##NULL_COPY_FN);            \
  CAIRN_MPI_EXPORT void ompi_##prefix##dup_fn_f(MPI_Fint*, MPI_Fint*, Value*, Value* in, Value* out, MPI_Fint* flag, \
                                                MPI_Fint* error) {                                                   \
    *flag = 1;                                                                                                       \
    *out = *in;                                                                                                      \
    *error = MPI_SUCCESS;                                                                                            \
  }                                                                                                                  \
  CAIRN_SPELLINGS(ompi_##prefix##dup_fn_f, mpi_##prefix##dup_fn, MPI_##PREFIX##DUP_FN)

CAIRN_FORTRAN_ATTRIBUTE_FUNCTIONS(comm_, COMM_, MPI_Aint);
CAIRN_FORTRAN_ATTRIBUTE_FUNCTIONS(type_, TYPE_, MPI_Aint);
CAIRN_FORTRAN_ATTRIBUTE_FUNCTIONS(win_, WIN_, MPI_Aint);
CAIRN_FORTRAN_ATTRIBUTE_FUNCTIONS(, , MPI_Fint);

// Only its address means something.
CAIRN_MPI_EXPORT int mpi_conversion_fn_null_f(char*, MPI_Fint*, MPI_Fint*, char*, MPI_Offset*, MPI_Aint*, MPI_Fint*) {
  return MPI_SUCCESS;
}
CAIRN_SPELLINGS(mpi_conversion_fn_null_f, mpi_conversion_fn_null, MPI_CONVERSION_FN_NULL);

// ---- time and addresses for `use mpi` ----
CAIRN_MPI_EXPORT void mpi_wtime_f90(double* value) { *value = PMPI_Wtime(); }
CAIRN_MPI_EXPORT void mpi_wtick_f90(double* value) { *value = PMPI_Wtick(); }
CAIRN_MPI_EXPORT void mpi_aint_add_f90(MPI_Aint* base, MPI_Aint* diff, MPI_Aint* result) { *result = *base + *diff; }
CAIRN_MPI_EXPORT void mpi_aint_diff_f90(MPI_Aint* a, MPI_Aint* b, MPI_Aint* result) { *result = *a - *b; }
#define CAIRN_MORE_SPELLINGS(lower, UPPER)                                                    \
  extern "C" __attribute__((visibility("default"), alias(#lower))) decltype(lower) lower##_;  \
  extern "C" __attribute__((visibility("default"), alias(#lower))) decltype(lower) lower##__; \
  extern "C" __attribute__((visibility("default"), alias(#lower))) decltype(lower) UPPER
CAIRN_MORE_SPELLINGS(mpi_wtime_f90, MPI_WTIME_F90);
CAIRN_MORE_SPELLINGS(mpi_wtick_f90, MPI_WTICK_F90);
CAIRN_MORE_SPELLINGS(mpi_aint_add_f90, MPI_AINT_ADD_F90);
CAIRN_MORE_SPELLINGS(mpi_aint_diff_f90, MPI_AINT_DIFF_F90);

// ---- extensions ----
CAIRN_MPI_EXPORT int MPIX_Query_cuda_support(void) { return 0; }

CAIRN_MPI_EXPORT int OMPI_Affinity_str(ompi_affinity_fmt_t format, char bound[], char current[], char exists[]) {
  using Function = int(int, char*, char*, char*);
  const crcp::Brief brief;
  const std::uint64_t guest = cairn_enter();
  auto* function = reinterpret_cast<Function*>(CAIRN_TABLE->dlsym("OMPI_Affinity_str"));
  const int rc = function == nullptr ? MPI_ERR_OTHER : function(format, bound, current, exists);
  cairn_leave(guest);
  return rc;
}
