// SPDX-License-Identifier: Apache-2.0
// Keyvals and attributes, wholly in the guest: the real library never hears of them. Callbacks run with no lock held
// and outside of the real library, so they may call MPI. Threads may set and delete the same attribute at a time: for
// each value that was set the delete callback is called once.
#pragma once

#include <cstdint>
#include <vector>

#include "mpi/shim/handle.hpp"

namespace cairn::shim {

enum class AttributeOf : std::uint8_t { none, comm, type, win };  // values as the bindings know them

// How a value was stored decides what readers of other languages see (MPI-3.1, 17.2.7).
enum class AttributeForm : std::uint8_t { pointer, integer, address };

struct Keyval;

struct Attribute {
  Keyval* keyval;
  AttributeForm form;
  // With several threads, changed with TableLock held:
  bool leaving;         // one is in its delete callback: for others that set or delete it is gone
  std::uint32_t holds;  // threads that look at it without the lock
  // Storage is stable: readers in C are given its address when the value is not a pointer.
  union {
    void* pointer;
    MPI_Fint integer;
    MPI_Aint address;
  };
};

struct AttributeSet {
  std::vector<Attribute*> items;  // in the order in which they were set
};

enum class KeyvalStyle : std::uint8_t { c, fortran_integer, fortran_address };

struct Keyval {
  AttributeOf of;
  KeyvalStyle style;
  bool predefined;
  bool freed;
  int key;
  std::uint32_t references;  // attributes that use it
  void* copy;
  void* remove;
  void* extra;           // for Fortran styles: the value itself
  void* bindings_extra;  // malloc'ed by a binding; freed with the keyval
};

int keyval_create(AttributeOf of, KeyvalStyle style, void* copy, void* remove, void* extra, void* bindings_extra,
                  int* key);
int keyval_free(AttributeOf of, int* key);

// An object that has attributes.
struct AttributeOwner {
  AttributeOf of;
  void* handle;  // MPI_Comm, MPI_Datatype or MPI_Win
  AttributeSet** set;
};
AttributeOwner attribute_owner(MPI_Comm comm) noexcept;
AttributeOwner attribute_owner(MPI_Datatype type) noexcept;
AttributeOwner attribute_owner(MPI_Win win) noexcept;

int attribute_set(AttributeOwner owner, int key, Attribute value, bool internal = false);
int attribute_delete(AttributeOwner owner, int key);
// The attribute, or null; *error tells a key that does not exist.
Attribute* attribute_find(AttributeSet* set, int key, int* error) noexcept;
void* attribute_as_pointer(Attribute* attribute) noexcept;
MPI_Aint attribute_as_address(const Attribute* attribute) noexcept;

// MPI_Comm_dup, MPI_Type_dup. The first error of a callback; then nothing is left on the new object.
int attributes_copy(AttributeOwner from, AttributeOwner to);
// In reverse order; stops at the first callback that fails.
int attributes_delete_all(AttributeOwner owner);

// (Re)reads the predefined attributes of MPI_COMM_WORLD from the real library. Crosses.
void attributes_learn_predefined();
void attribute_last_used_code(int code) noexcept;

}  // namespace cairn::shim
