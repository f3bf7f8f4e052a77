// SPDX-License-Identifier: Apache-2.0
// MPI_*_keyval and MPI_*_attr of C, and what the Fortran and C++ bindings call instead.
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn::shim;

namespace {

template <class Object>
int report(Object object, int rc, const char* name) {
  return rc == MPI_SUCCESS ? rc : raise(object, rc, name);
}

Attribute from_pointer(void* value) {
  Attribute attribute{};
  attribute.form = AttributeForm::pointer;
  attribute.pointer = value;
  return attribute;
}

int create(AttributeOf of, void* copy, void* remove, int* key, void* extra, const char* name) {
  if (copy == nullptr || remove == nullptr || key == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, name);
  return keyval_create(of, KeyvalStyle::c, copy, remove, extra, nullptr, key);
}

int release(AttributeOf of, int* key, const char* name) {
  if (key == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, name);
  if (*key == MPI_KEYVAL_INVALID) return raise(MPI_COMM_WORLD, MPI_ERR_OTHER, name);
  const int rc = keyval_free(of, key);
  return rc == MPI_SUCCESS ? rc : raise(MPI_COMM_WORLD, rc, name);
}

template <class Object>
int set(Object object, int key, void* value, const char* name) {
  if (!usable(object)) return raise(object, invalid_handle(object), name);
  return report(object, attribute_set(attribute_owner(object), key, from_pointer(value)), name);
}

template <class Object>
int look_up(Object object, int key, void* value, int* flag) {
  if (key == MPI_KEYVAL_INVALID) return MPI_ERR_KEYVAL;
  int error;
  const TableLock lock;  // another thread may set or delete it
  Attribute* attribute = attribute_find(*attribute_owner(object).set, key, &error);
  *flag = attribute != nullptr;
  if (attribute != nullptr) *static_cast<void**>(value) = attribute_as_pointer(attribute);
  return error;
}

template <class Object>
int get(Object object, int key, void* value, int* flag, const char* name) {
  if (!usable(object)) return raise(object, invalid_handle(object), name);
  if (value == nullptr || flag == nullptr) return raise(object, MPI_ERR_ARG, name);
  return report(object, look_up(object, key, value, flag), name);
}

template <class Object>
int remove(Object object, int key, const char* name) {
  if (!usable(object)) return raise(object, invalid_handle(object), name);
  return report(object, attribute_delete(attribute_owner(object), key), name);
}

}  // namespace

#define CAIRN_ATTRIBUTES(Prefix, Object, of, kind)                                                                     \
  int PMPI_##Prefix##_create_keyval(MPI_##Prefix##_copy_attr_function* copy, MPI_##Prefix##_delete_attr_function* del, \
                                    int* key, void* extra) {                                                           \
    return create(AttributeOf::of, reinterpret_cast<void*>(copy), reinterpret_cast<void*>(del), key, extra,            \
                  "MPI_" #Prefix "_create_keyval");                                                                    \
  }                                                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_create_keyval);                                                                        \
  int PMPI_##Prefix##_free_keyval(int* key) { return release(AttributeOf::of, key, "MPI_" #Prefix "_free_keyval"); }   \
  CAIRN_MPI_WEAK(MPI_##Prefix##_free_keyval);                                                                          \
  int PMPI_##Prefix##_set_attr(Object object, int key, void* value) {                                                  \
    return set(object, key, value, "MPI_" #Prefix "_set_attr");                                                        \
  }                                                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_set_attr);                                                                             \
  int PMPI_##Prefix##_get_attr(Object object, int key, void* value, int* flag) {                                       \
    return get(object, key, value, flag, "MPI_" #Prefix "_get_attr");                                                  \
  }                                                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_get_attr);                                                                             \
  int PMPI_##Prefix##_delete_attr(Object object, int key) {                                                            \
    return remove(object, key, "MPI_" #Prefix "_delete_attr");                                                         \
  }                                                                                                                    \
  CAIRN_MPI_WEAK(MPI_##Prefix##_delete_attr)

CAIRN_ATTRIBUTES(Comm, MPI_Comm, comm, comm);
CAIRN_ATTRIBUTES(Type, MPI_Datatype, type, datatype);
CAIRN_ATTRIBUTES(Win, MPI_Win, win, win);

int PMPI_Keyval_create(MPI_Copy_function* copy, MPI_Delete_function* del, int* key, void* extra) {
  return create(AttributeOf::comm, reinterpret_cast<void*>(copy), reinterpret_cast<void*>(del), key, extra,
                "MPI_Keyval_create");
}
CAIRN_MPI_WEAK(MPI_Keyval_create);
int PMPI_Keyval_free(int* key) { return release(AttributeOf::comm, key, "MPI_Keyval_free"); }
CAIRN_MPI_WEAK(MPI_Keyval_free);
int PMPI_Attr_put(MPI_Comm comm, int key, void* value) { return set(comm, key, value, "MPI_Attr_put"); }
CAIRN_MPI_WEAK(MPI_Attr_put);
// As Open MPI 4.1 has it: what is wrong with the key is another error than today's call has, and no communicator has no
// attributes.
int PMPI_Attr_get(MPI_Comm comm, int key, void* value, int* flag) {
  static const char kName[] = "MPI_Attr_get";
  if (value == nullptr || flag == nullptr) return raise(MPI_COMM_WORLD, MPI_ERR_ARG, kName);
  *flag = 0;
  if (comm == MPI_COMM_NULL) return MPI_SUCCESS;
  if (!usable(comm)) return raise(comm, invalid_handle(comm), kName);
  return report(comm, look_up(comm, key, value, flag) == MPI_SUCCESS ? MPI_SUCCESS : MPI_ERR_OTHER, kName);
}
CAIRN_MPI_WEAK(MPI_Attr_get);
int PMPI_Attr_delete(MPI_Comm comm, int key) { return remove(comm, key, "MPI_Attr_delete"); }
CAIRN_MPI_WEAK(MPI_Attr_delete);

// ---- the bindings' entries ------------------------------------------------------------------------------------
// Objects arrive as handles, attribute tables as the value of the table pointer that libmpi_mpifh reads in the
// handle itself (handle.hpp keeps it at the right place).

namespace {
constexpr int kFlagFortran = 2, kFlagFortranInteger = 4;

AttributeOwner owner_of(int of, void* object) {
  switch (static_cast<AttributeOf>(of)) {
    case AttributeOf::comm:
      return attribute_owner(static_cast<MPI_Comm>(object));
    case AttributeOf::type:
      return attribute_owner(static_cast<MPI_Datatype>(object));
    default:
      return attribute_owner(static_cast<MPI_Win>(object));
  }
}

KeyvalStyle style_of(int flags) {
  if ((flags & kFlagFortran) == 0) return KeyvalStyle::c;
  return (flags & kFlagFortranInteger) != 0 ? KeyvalStyle::fortran_integer : KeyvalStyle::fortran_address;
}
}  // namespace

CAIRN_MPI_EXPORT int ompi_attr_create_keyval(int of, void* copy, void* remove, int* key, void* extra, int flags,
                                             void* bindings) {
  return keyval_create(static_cast<AttributeOf>(of), style_of(flags), copy, remove, extra, bindings, key);
}

CAIRN_MPI_EXPORT int ompi_attr_create_keyval_fint(int of, void* copy, void* remove, int* key, MPI_Fint extra, int flags,
                                                  void* bindings) {
  return keyval_create(static_cast<AttributeOf>(of), style_of(flags), copy, remove,
                       reinterpret_cast<void*>(static_cast<MPI_Aint>(extra)), bindings, key);
}

CAIRN_MPI_EXPORT int ompi_attr_create_keyval_aint(int of, void* copy, void* remove, int* key, MPI_Aint extra, int flags,
                                                  void* bindings) {
  return keyval_create(static_cast<AttributeOf>(of), style_of(flags), copy, remove, reinterpret_cast<void*>(extra),
                       bindings, key);
}

CAIRN_MPI_EXPORT int ompi_attr_set_fint(int of, void* object, AttributeSet**, int key, MPI_Fint value, bool) {
  Attribute attribute{};
  attribute.form = AttributeForm::integer;
  attribute.integer = value;
  return attribute_set(owner_of(of, object), key, attribute);
}

CAIRN_MPI_EXPORT int ompi_attr_set_aint(int of, void* object, AttributeSet**, int key, MPI_Aint value, bool) {
  Attribute attribute{};
  attribute.form = AttributeForm::address;
  attribute.address = value;
  return attribute_set(owner_of(of, object), key, attribute);
}

CAIRN_MPI_EXPORT int ompi_attr_get_fint(AttributeSet* set, int key, MPI_Fint* value, int* flag) {
  int error;
  const Attribute* attribute = attribute_find(set, key, &error);
  *flag = attribute != nullptr;
  if (attribute != nullptr) *value = static_cast<MPI_Fint>(attribute_as_address(attribute));
  return error;
}

CAIRN_MPI_EXPORT int ompi_attr_get_aint(AttributeSet* set, int key, MPI_Aint* value, int* flag) {
  int error;
  const Attribute* attribute = attribute_find(set, key, &error);
  *flag = attribute != nullptr;
  if (attribute != nullptr) *value = attribute_as_address(attribute);
  return error;
}
