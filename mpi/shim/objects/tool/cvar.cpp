// SPDX-License-Identifier: Apache-2.0
// Control variables: what the program has set is set again in a new library.
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "mpi/shim/objects/tool/tool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim::tool {
namespace {

constexpr std::size_t kLongestValue = 1 << 17;  // of texts: what an argument or a variable of the environment holds

RealCvar* alloc(int theirs) noexcept {
  RealCvar* made = nullptr;
  int count = 0;
  return cross(real.T_cvar_handle_alloc, theirs, nullptr, &made, &count) == MPI_SUCCESS ? made : nullptr;
}

bool is_text(int theirs) noexcept {
  RealDatatype* type = nullptr;
  cross(real.T_cvar_get_info, theirs, nullptr, nullptr, nullptr, &type, nullptr, nullptr, nullptr, nullptr, nullptr);
  return type == to_real(MPI_CHAR);
}

// Does something with a handle of the library's, for the time of that; false if there is no such variable.
template <class Use>
bool with_handle(int index, Use&& use) {
  const std::optional<int> theirs = tools().cvars.to_real(index);
  RealCvar* handle = theirs ? alloc(*theirs) : nullptr;
  if (handle == nullptr) return false;
  use(*theirs, handle);
  cross(real.T_cvar_handle_free, &handle);
  return true;
}

std::vector<char> value_of(int theirs, RealCvar* handle) {
  std::vector<char> value(kLongestValue);
  if (cross(real.T_cvar_read, handle, static_cast<void*>(value.data())) != MPI_SUCCESS) return {};
  constexpr std::size_t kLongestNumber = 16;
  value.resize(is_text(theirs) ? std::strlen(value.data()) + 1 : kLongestNumber);
  return value;
}

void note(int index) {
  with_handle(index, [&](int theirs, RealCvar* handle) {
    std::vector<char> value = value_of(theirs, handle);
    if (!value.empty()) tools().written[index] = std::move(value);
  });
}

// The job goes on without: the program, or who has started it, should know.
void tell_lost(int index) noexcept {
  std::fprintf(stderr, "cairn: process %d: the control variable '%s', which the program has set, cannot be set here\n",
               static_cast<int>(getpid()), tools().cvars.name(index).c_str());
}

void write_again(int index, const std::vector<char>& value) {
  bool is_so = false;
  with_handle(index, [&](int theirs, RealCvar* handle) {
    is_so = value_of(theirs, handle) == value ||
            cross(real.T_cvar_write, handle, static_cast<const void*>(value.data())) == MPI_SUCCESS;
  });
  if (!is_so) tell_lost(index);
}

}  // namespace

int cvar_count() noexcept {
  int count = 0;
  return cross(real.T_cvar_get_num, &count) == MPI_SUCCESS ? count : 0;
}

std::string cvar_name(int number) {
  return text_of([&](char* text, int* length) {
    return cross(real.T_cvar_get_info, number, text, length, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                 nullptr);
  });
}

void note_written() {
  for (const auto& [index, value] : std::map(tools().written)) note(index);
}

void make_cvars_again() {
  Tools& t = tools();
  for (ompi_mpit_cvar_handle_t* handle : t.cvar_handles) {
    const std::optional<int> theirs = t.cvars.to_real(handle->index);
    handle->real = theirs ? alloc(*theirs) : nullptr;
  }
  for (const auto& [index, value] : t.written) write_again(index, value);
}

}  // namespace cairn::shim::tool

using namespace cairn;
using namespace cairn::shim;

int PMPI_T_cvar_get_num(int* num_cvar) { return tool::count_now(&tool::Tools::cvars, num_cvar); }
CAIRN_MPI_WEAK(MPI_T_cvar_get_num);

int PMPI_T_cvar_get_info(int cvar_index, char* name, int* name_len, int* verbosity, MPI_Datatype* datatype,
                         MPI_T_enum* enumtype, char* desc, int* desc_len, int* bind, int* scope) {
  return tool::call([&](tool::Tools& t) {
    const std::optional<int> theirs = t.cvars.to_real(cvar_index);
    if (!theirs) return MPI_T_ERR_INVALID_INDEX;
    RealDatatype* type = real_objects.datatype_null;
    RealEnum* values = nullptr;
    const int rc =
        cross(real.T_cvar_get_info, *theirs, name, name_len, verbosity, &type, &values, desc, desc_len, bind, scope);
    if (rc != MPI_SUCCESS) return rc;
    if (datatype != nullptr) *datatype = tool::type_of(type);
    if (enumtype != nullptr) *enumtype = tool::enum_of(values);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_cvar_get_info);

int PMPI_T_cvar_get_index(const char* name, int* cvar_index) {
  return tool::call([&](tool::Tools& t) {
    int theirs = 0;
    const int rc = cross(real.T_cvar_get_index, name, cvar_index == nullptr ? nullptr : &theirs);
    if (rc == MPI_SUCCESS) *cvar_index = t.cvars.from_real(theirs);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_cvar_get_index);

// Variables of this library are bound to no object.
int PMPI_T_cvar_handle_alloc(int cvar_index, void*, MPI_T_cvar_handle* handle, int* count) {
  return tool::call([&](tool::Tools& t) {
    const std::optional<int> theirs = t.cvars.to_real(cvar_index);
    if (!theirs) return MPI_T_ERR_INVALID_INDEX;
    RealCvar* made = nullptr;
    const int rc = cross(real.T_cvar_handle_alloc, *theirs, nullptr, handle == nullptr ? nullptr : &made, count);
    if (rc == MPI_SUCCESS) t.cvar_handles.insert(*handle = new ompi_mpit_cvar_handle_t{cvar_index, made});
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_cvar_handle_alloc);

int PMPI_T_cvar_handle_free(MPI_T_cvar_handle* handle) {
  return tool::call([&](tool::Tools& t) {
    if (t.cvar_handles.erase(*handle) == 0) return *handle == nullptr ? MPI_SUCCESS : MPI_T_ERR_INVALID_HANDLE;
    if ((*handle)->real != nullptr) cross(real.T_cvar_handle_free, &(*handle)->real);
    delete *handle;
    *handle = MPI_T_CVAR_HANDLE_NULL;
    return MPI_SUCCESS;
  });
}
CAIRN_MPI_WEAK(MPI_T_cvar_handle_free);

int PMPI_T_cvar_read(MPI_T_cvar_handle handle, void* buf) {
  return tool::call([&](tool::Tools& t) {
    if (!t.cvar_handles.contains(handle)) return MPI_T_ERR_INVALID_HANDLE;
    return handle->real == nullptr ? MPI_T_ERR_INVALID_INDEX : cross(real.T_cvar_read, handle->real, buf);
  });
}
CAIRN_MPI_WEAK(MPI_T_cvar_read);

int PMPI_T_cvar_write(MPI_T_cvar_handle handle, const void* buf) {
  return tool::call([&](tool::Tools& t) {
    if (!t.cvar_handles.contains(handle)) return MPI_T_ERR_INVALID_HANDLE;
    if (handle->real == nullptr) return MPI_T_ERR_INVALID_INDEX;
    const int rc = cross(real.T_cvar_write, handle->real, buf);
    if (rc == MPI_SUCCESS) tool::note(handle->index);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_cvar_write);
