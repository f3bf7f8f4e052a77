// SPDX-License-Identifier: Apache-2.0
// Performance variables: what is told of them, sessions, and how handles come and go. Their values are the library's: a
// new one begins to count anew.
#include "mpi/shim/objects/tool/tool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim::tool {
namespace {

// What has to be known of a variable to bind a handle to it.
struct About {
  int variable_class = 0, bind = MPI_T_BIND_NO_OBJECT, continuous = 0;
};

int ask_about(int theirs, About& about) noexcept {
  return cross(real.T_pvar_get_info, theirs, nullptr, nullptr, nullptr, &about.variable_class, nullptr, nullptr,
               nullptr, nullptr, &about.bind, nullptr, &about.continuous, nullptr);
}

// Binds a handle to its variable and object in this library.
int bind(mca_base_pvar_handle_t& handle, int theirs, int* count) noexcept {
  void* object = handle.object == nullptr ? nullptr : handle.object->real;
  return cross(real.T_pvar_handle_alloc, handle.session->real, theirs, handle.bound ? &object : nullptr, &handle.real,
               count);
}

// A window that is the shim's own.
bool is_unknown_window(const About& about, const Handle* object) noexcept {
  return about.bind == MPI_T_BIND_MPI_WIN && object != nullptr && object->live && object->real == real_objects.win_null;
}

int make(mca_base_pvar_handle_t& handle, int theirs, void* obj_handle, int* count) {
  About about;
  ask_about(theirs, about);
  handle.continuous = about.continuous != 0;
  handle.bound = about.bind != MPI_T_BIND_NO_OBJECT && obj_handle != nullptr;
  if (handle.bound) handle.object = *static_cast<Handle**>(obj_handle);
  handle.idle = is_unknown_window(about, handle.object);
  if (!handle.idle) return bind(handle, theirs, count);
  *count = 1;
  return MPI_SUCCESS;
}

// The object may have been freed; if another one has its place now, that is as it would be in the library.
int make_again(mca_base_pvar_handle_t& handle) {
  handle.real = nullptr;
  const bool object_is_gone = handle.object != nullptr && !handle.object->live;
  const std::optional<int> theirs = tools().pvars.to_real(handle.index);
  if (!theirs || handle.session == nullptr || object_is_gone || handle.idle) return MPI_SUCCESS;
  int count = 0;
  if (bind(handle, *theirs, &count) != MPI_SUCCESS) handle.real = nullptr;
  if (handle.real == nullptr || !handle.started) return MPI_SUCCESS;
  return cross(real.T_pvar_start, handle.session->real, handle.real);
}

}  // namespace

int pvar_count() noexcept {
  int count = 0;
  return cross(real.T_pvar_get_num, &count) == MPI_SUCCESS ? count : 0;
}

std::string pvar_name(int number) {
  About about;
  if (ask_about(number, about) != MPI_SUCCESS) return {};
  return text_of([&](char* text, int* length) {
           return cross(real.T_pvar_get_info, number, text, length, nullptr, nullptr, nullptr, nullptr, nullptr,
                        nullptr, nullptr, nullptr, nullptr, nullptr);
         }) +
         ' ' + std::to_string(about.variable_class);
}

int make_pvars_again() {
  Tools& t = tools();
  int rc = MPI_SUCCESS;
  for (mca_base_pvar_session_t* session : t.sessions)
    if (rc == MPI_SUCCESS) rc = cross(real.T_pvar_session_create, &session->real);
  for (mca_base_pvar_handle_t* handle : t.pvar_handles)
    if (rc == MPI_SUCCESS) rc = make_again(*handle);
  return rc;
}

}  // namespace cairn::shim::tool

using namespace cairn::shim;

int PMPI_T_pvar_get_num(int* num_pvar) { return tool::count_now(&tool::Tools::pvars, num_pvar); }
CAIRN_MPI_WEAK(MPI_T_pvar_get_num);

int PMPI_T_pvar_get_info(int pvar_index, char* name, int* name_len, int* verbosity, int* var_class,
                         MPI_Datatype* datatype, MPI_T_enum* enumtype, char* desc, int* desc_len, int* bind,
                         int* readonly, int* continuous, int* atomic) {
  return tool::call([&](tool::Tools& t) {
    const std::optional<int> theirs = t.pvars.to_real(pvar_index);
    if (!theirs) return MPI_T_ERR_INVALID_INDEX;
    RealDatatype* type = real_objects.datatype_null;
    RealEnum* values = nullptr;
    const int rc = cross(real.T_pvar_get_info, *theirs, name, name_len, verbosity, var_class, &type, &values, desc,
                         desc_len, bind, readonly, continuous, atomic);
    if (rc != MPI_SUCCESS) return rc;
    if (datatype != nullptr) *datatype = tool::type_of(type);
    if (enumtype != nullptr) *enumtype = tool::enum_of(values);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_get_info);

int PMPI_T_pvar_get_index(const char* name, int var_class, int* pvar_index) {
  return tool::call([&](tool::Tools& t) {
    int theirs = 0;
    const int rc = cross(real.T_pvar_get_index, name, var_class, pvar_index == nullptr ? nullptr : &theirs);
    if (rc == MPI_SUCCESS) *pvar_index = t.pvars.from_real(theirs);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_get_index);

int PMPI_T_pvar_session_create(MPI_T_pvar_session* session) {
  return tool::call([&](tool::Tools& t) {
    RealSession* made = nullptr;
    const int rc = cross(real.T_pvar_session_create, session == nullptr ? nullptr : &made);
    if (rc == MPI_SUCCESS) t.sessions.insert(*session = new mca_base_pvar_session_t{made});
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_session_create);

// The handles of a session end with it.
int PMPI_T_pvar_session_free(MPI_T_pvar_session* session) {
  return tool::call([&](tool::Tools& t) {
    if (t.sessions.erase(*session) == 0) return MPI_T_ERR_INVALID_SESSION;
    if ((*session)->real != nullptr) cross(real.T_pvar_session_free, &(*session)->real);
    for (MPI_T_pvar_handle handle : t.pvar_handles) {
      if (handle->session != *session) continue;
      handle->session = nullptr;
      handle->real = nullptr;
    }
    delete *session;
    *session = MPI_T_PVAR_SESSION_NULL;
    return MPI_SUCCESS;
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_session_free);

int PMPI_T_pvar_handle_alloc(MPI_T_pvar_session session, int pvar_index, void* obj_handle, MPI_T_pvar_handle* handle,
                             int* count) {
  return tool::call([&](tool::Tools& t) {
    if (!t.sessions.contains(session)) return MPI_T_ERR_INVALID_SESSION;
    const std::optional<int> theirs = t.pvars.to_real(pvar_index);
    if (!theirs) return MPI_T_ERR_INVALID_INDEX;
    mca_base_pvar_handle_t made{session, pvar_index, false, nullptr, false, false, false, nullptr};
    const int rc = tool::make(made, *theirs, obj_handle, count);
    if (rc == MPI_SUCCESS) t.pvar_handles.insert(*handle = new mca_base_pvar_handle_t(made));
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_handle_alloc);

// Any session will do, as in the library.
int PMPI_T_pvar_handle_free(MPI_T_pvar_session, MPI_T_pvar_handle* handle) {
  return tool::call([&](tool::Tools& t) {
    if (t.pvar_handles.erase(*handle) == 0) return MPI_T_ERR_INVALID_HANDLE;
    if ((*handle)->real != nullptr) cross(real.T_pvar_handle_free, (*handle)->session->real, &(*handle)->real);
    delete *handle;
    *handle = MPI_T_PVAR_HANDLE_NULL;
    return MPI_SUCCESS;
  });
}
CAIRN_MPI_WEAK(MPI_T_pvar_handle_free);
