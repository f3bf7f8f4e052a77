// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/attribute/attributes.hpp"

#include <algorithm>
#include <cstdlib>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kPredefinedKeys = IMPI_HOST_COLOR + 1;

std::vector<Keyval*>& keyvals() {
  static auto* const all = new std::vector<Keyval*>(kPredefinedKeys);
  return *all;
}

Keyval* find_keyval(int key) noexcept {
  const TableLock lock;
  const auto& all = keyvals();
  return key < 0 || static_cast<std::size_t>(key) >= all.size() ? nullptr : all[static_cast<std::size_t>(key)];
}

// The table is locked.
void drop_if_unused(Keyval* keyval) {
  if (!keyval->freed || keyval->references != 0) return;
  keyvals()[static_cast<std::size_t>(keyval->key)] = nullptr;
  std::free(keyval->bindings_extra);
  delete keyval;
}

MPI_Fint fortran_object(AttributeOwner owner) { return fortran_index(static_cast<Handle*>(owner.handle)); }

// The value and the extra state have the width that the style of the keyval gives them.
template <class Value>
int call_fortran_delete(const Keyval& k, MPI_Fint object, MPI_Aint value) {
  int key = k.key;
  auto in = static_cast<Value>(value), extra = static_cast<Value>(reinterpret_cast<MPI_Aint>(k.extra));
  MPI_Fint error = MPI_SUCCESS;
  reinterpret_cast<void (*)(MPI_Fint*, MPI_Fint*, Value*, Value*, MPI_Fint*)>(k.remove)(&object, &key, &in, &extra,
                                                                                        &error);
  return error;
}

template <class Value>
int call_fortran_copy(const Keyval& k, MPI_Fint object, MPI_Aint value, Value* result, int* flag) {
  int key = k.key;
  auto in = static_cast<Value>(value), extra = static_cast<Value>(reinterpret_cast<MPI_Aint>(k.extra));
  MPI_Fint error = MPI_SUCCESS, logical = 0;
  reinterpret_cast<void (*)(MPI_Fint*, MPI_Fint*, Value*, Value*, Value*, MPI_Fint*, MPI_Fint*)>(k.copy)(
      &object, &key, &extra, &in, result, &logical, &error);
  *flag = logical != 0;
  return error;
}

int call_delete(AttributeOwner owner, Attribute* attribute) {
  const Keyval& k = *attribute->keyval;
  if (k.remove == nullptr) return MPI_SUCCESS;
  if (k.style == KeyvalStyle::c) {
    auto* f = reinterpret_cast<int (*)(void*, int, void*, void*)>(k.remove);
    return f(owner.handle, k.key, attribute_as_pointer(attribute), k.extra);
  }
  const MPI_Fint object = fortran_object(owner);
  const MPI_Aint value = attribute_as_address(attribute);
  return k.style == KeyvalStyle::fortran_integer ? call_fortran_delete<MPI_Fint>(k, object, value)
                                                 : call_fortran_delete<MPI_Aint>(k, object, value);
}

// One copy callback. *flag: the new object gets *out.
int call_copy(AttributeOwner from, AttributeOwner to, Attribute* attribute, Attribute* out, int* flag) {
  const Keyval& k = *attribute->keyval;
  *flag = 0;
  *out = *attribute;
  if (k.predefined) {
    *flag = k.of == AttributeOf::comm && k.key != MPI_LASTUSEDCODE;  // as the real library does it
    return MPI_SUCCESS;
  }
  if (k.copy == nullptr) return MPI_SUCCESS;
  if (k.style == KeyvalStyle::c) {
    // Bindings get the new object as a seventh argument; C functions do not look at it.
    auto* f = reinterpret_cast<int (*)(void*, int, void*, void*, void*, int*, void*)>(k.copy);
    out->form = AttributeForm::pointer;
    out->pointer = nullptr;
    return f(from.handle, k.key, k.extra, attribute_as_pointer(attribute), &out->pointer, flag, to.handle);
  }
  const MPI_Fint object = fortran_object(from);
  const MPI_Aint value = attribute_as_address(attribute);
  if (k.style == KeyvalStyle::fortran_integer) {
    out->form = AttributeForm::integer;
    out->integer = 0;
    return call_fortran_copy(k, object, value, &out->integer, flag);
  }
  out->form = AttributeForm::address;
  out->address = 0;
  return call_fortran_copy(k, object, value, &out->address, flag);
}

// The table is locked.
void release(Attribute* attribute) {
  if (--attribute->holds != 0) return;
  --attribute->keyval->references;
  drop_if_unused(attribute->keyval);
  delete attribute;
}

// As others see it that set or delete: not if it is leaving. The table is locked.
Attribute* present(const AttributeSet* set, int key) noexcept {
  if (set == nullptr) return nullptr;
  const auto found = std::find_if(set->items.begin(), set->items.end(),
                                  [&](const Attribute* a) { return a->keyval->key == key && !a->leaving; });
  return found == set->items.end() ? nullptr : *found;
}

// The last one that nobody else deletes, for this thread to delete it; null if there is none.
Attribute* take_last(const AttributeSet* set) noexcept {
  const TableLock lock;
  if (set == nullptr) return nullptr;
  const auto found = std::find_if(set->items.rbegin(), set->items.rend(), [](Attribute* a) { return !a->leaving; });
  if (found == set->items.rend()) return nullptr;
  (*found)->leaving = true;
  return *found;
}

// Deletes one that is leaving; if its callback does not want that, it stays.
int remove_taken(AttributeOwner owner, Attribute* attribute) {
  const int rc = call_delete(owner, attribute);
  const TableLock lock;
  attribute->leaving = false;
  if (rc != MPI_SUCCESS) return rc;
  auto& items = (*owner.set)->items;
  items.erase(std::find(items.begin(), items.end(), attribute));
  release(attribute);
  return rc;
}

// A keyval that a program may use for such an object; null: none. The table is locked.
Keyval* usable_keyval(AttributeOf of, int key, bool internal) noexcept {
  Keyval* const keyval = find_keyval(key);
  const bool fits = keyval != nullptr && keyval->of == of && (internal || !keyval->predefined);
  return fits ? keyval : nullptr;
}

}  // namespace

int keyval_create(AttributeOf of, KeyvalStyle style, void* copy, void* remove, void* extra, void* bindings_extra,
                  int* key) {
  const TableLock lock;
  auto& all = keyvals();
  std::size_t index = kPredefinedKeys;
  while (index < all.size() && all[index] != nullptr) ++index;
  if (index == all.size()) all.push_back(nullptr);
  all[index] = new Keyval{of, style, false, false, static_cast<int>(index), 0, copy, remove, extra, bindings_extra};
  *key = static_cast<int>(index);
  return MPI_SUCCESS;
}

int keyval_free(AttributeOf of, int* key) {
  const TableLock lock;
  Keyval* keyval = find_keyval(*key);
  if (keyval == nullptr || keyval->of != of || keyval->predefined || keyval->freed) return MPI_ERR_OTHER;
  keyval->freed = true;
  drop_if_unused(keyval);
  *key = MPI_KEYVAL_INVALID;
  return MPI_SUCCESS;
}

AttributeOwner attribute_owner(MPI_Comm comm) noexcept { return {AttributeOf::comm, comm, &comm->attributes}; }
AttributeOwner attribute_owner(MPI_Datatype type) noexcept { return {AttributeOf::type, type, &type->attributes}; }
AttributeOwner attribute_owner(MPI_Win win) noexcept { return {AttributeOf::win, win, &win->attributes}; }

Attribute* attribute_find(AttributeSet* set, int key, int* error) noexcept {
  const TableLock lock;
  *error = find_keyval(key) == nullptr ? MPI_ERR_OTHER : MPI_SUCCESS;
  if (set == nullptr) return nullptr;
  for (Attribute* a : set->items)
    if (a->keyval->key == key) return a;
  return nullptr;
}

void* attribute_as_pointer(Attribute* attribute) noexcept {
  return attribute->form == AttributeForm::pointer ? attribute->pointer : static_cast<void*>(&attribute->address);
}

MPI_Aint attribute_as_address(const Attribute* attribute) noexcept {
  return attribute->form == AttributeForm::integer ? attribute->integer : attribute->address;
}

// Whatever code the callback gives: the real library says MPI_ERR_OTHER here and in attribute_delete().
int attribute_set(AttributeOwner owner, int key, Attribute value, bool internal) {
  for (;;) {
    Attribute* old;
    {
      const TableLock lock;
      Keyval* const keyval = usable_keyval(owner.of, key, internal);
      if (keyval == nullptr) return MPI_ERR_OTHER;
      if (*owner.set == nullptr) *owner.set = new AttributeSet;
      old = present(*owner.set, key);
      if (old == nullptr) {
        value.keyval = keyval;
        value.leaving = false;
        value.holds = 1;
        ++keyval->references;
        (*owner.set)->items.push_back(new Attribute(value));
        return MPI_SUCCESS;
      }
      old->leaving = true;
    }
    if (remove_taken(owner, old) != MPI_SUCCESS) return MPI_ERR_OTHER;
  }
}

int attribute_delete(AttributeOwner owner, int key) {
  Attribute* attribute = nullptr;
  {
    const TableLock lock;
    if (usable_keyval(owner.of, key, false) != nullptr) attribute = present(*owner.set, key);
    if (attribute == nullptr) return MPI_ERR_OTHER;
    attribute->leaving = true;
  }
  return remove_taken(owner, attribute) == MPI_SUCCESS ? MPI_SUCCESS : MPI_ERR_OTHER;
}

namespace {

int copy_one(AttributeOwner from, AttributeOwner to, Attribute* attribute) {
  Attribute copy;
  int flag;
  const int rc = call_copy(from, to, attribute, &copy, &flag);
  if (rc == MPI_SUCCESS && flag != 0) attribute_set(to, attribute->keyval->key, copy, true);
  return rc;
}

}  // namespace

int attributes_copy(AttributeOwner from, AttributeOwner to) {
  // A callback may change the attributes of the old object, and so may another thread.
  std::vector<Attribute*> items;
  {
    const TableLock lock;
    if (*from.set != nullptr) items = (*from.set)->items;
    for (Attribute* attribute : items) ++attribute->holds;
  }
  int rc = MPI_SUCCESS;
  for (Attribute* attribute : items) {
    if (rc == MPI_SUCCESS) rc = copy_one(from, to, attribute);
    const TableLock lock;
    release(attribute);
  }
  if (rc != MPI_SUCCESS) attributes_delete_all(to);
  return rc;
}

int attributes_delete_all(AttributeOwner owner) {
  while (Attribute* last = take_last(*owner.set))
    if (const int rc = remove_taken(owner, last); rc != MPI_SUCCESS) return rc;
  const TableLock lock;
  delete *owner.set;
  *owner.set = nullptr;
  return MPI_SUCCESS;
}

void attributes_learn_predefined() {
  auto& all = keyvals();
  for (int key = 0; key < kPredefinedKeys; ++key) {
    const bool window = key >= MPI_WIN_BASE && key <= MPI_WIN_MODEL;
    if (all[static_cast<std::size_t>(key)] == nullptr)
      all[static_cast<std::size_t>(key)] = new Keyval{window ? AttributeOf::win : AttributeOf::comm,
                                                      KeyvalStyle::c,
                                                      true,
                                                      false,
                                                      key,
                                                      1,
                                                      nullptr,
                                                      nullptr,
                                                      nullptr,
                                                      nullptr};
  }
  auto* world = predefined<ompi_communicator_t>(ompi_mpi_comm_world);
  for (int key = MPI_TAG_UB; key <= MPI_UNIVERSE_SIZE; ++key) {
    int* value = nullptr;
    int flag = 0;
    cross(real.Comm_get_attr, real_objects.comm_world, key, static_cast<void*>(&value), &flag);
    if (flag == 0) continue;
    int error;
    if (Attribute* known = attribute_find(world->attributes, key, &error); known != nullptr) {
      known->integer = *value;  // in place: the application may hold the address
      continue;
    }
    Attribute attribute{};
    attribute.form = AttributeForm::integer;
    attribute.integer = *value;
    attribute_set(attribute_owner(world), key, attribute, true);
  }
}

int attribute_rebuild() {
  attributes_learn_predefined();
  return MPI_SUCCESS;
}

void attribute_last_used_code(int code) noexcept {
  int error;
  auto* world = predefined<ompi_communicator_t>(ompi_mpi_comm_world);
  if (Attribute* a = attribute_find(world->attributes, MPI_LASTUSEDCODE, &error); a != nullptr && a->integer < code)
    a->integer = code;
}

}  // namespace cairn::shim
