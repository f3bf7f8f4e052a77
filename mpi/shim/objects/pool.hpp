// SPDX-License-Identifier: Apache-2.0
// Where handle objects come from and where the live ones are found: one Store for each type of handle. Internal to
// mpi/shim.
//
// Ownership: a Store owns its handles for the life of the process. Threads: changes are made with TableLock held.
#pragma once

#include <vector>

#include "mpi/shim/handle.hpp"
#include "mpi/shim/real.hpp"
#include "mpi/shim/table_lock.hpp"

namespace cairn::shim {

// Handles of one type that were freed and may be given out again. MPI programs create and free objects in loops.
template <class T>
class HandlePool {
 public:
  T* allocate(Kind kind) {
    T* handle = nullptr;
    if (!free_.empty()) {
      handle = free_.back();
      free_.pop_back();
      *handle = T{};
    } else {
      handle = new T{};
    }
    handle->magic = kHandleMagic;
    handle->fortran = kNoFortranIndex;
    handle->kind = kind;
    handle->live = true;
    return handle;
  }
  // `null`: what the real library must see should the application use the handle once more.
  void release(T* handle, void* null) {
    fortran_release(handle);
    handle->live = false;
    handle->real = null;
    free_.push_back(handle);
  }
  // After a restart the real null handle is another one.
  void rebind(void* null) noexcept {
    for (T* handle : free_) handle->real = null;
  }

 private:
  std::vector<T*> free_;
};

template <class T>
class LiveList {
 public:
  void add(T* item) noexcept {
    item->previous = nullptr;
    item->next = head_;
    if (head_ != nullptr) head_->previous = item;
    head_ = item;
  }
  void remove(T* item) noexcept {
    (item->previous != nullptr ? item->previous->next : head_) = item->next;
    if (item->next != nullptr) item->next->previous = item->previous;
    item->next = item->previous = nullptr;
  }
  T* head() const noexcept { return head_; }

 private:
  T* head_ = nullptr;
};

template <class T>
struct Store {
  HandlePool<T> pool;
  LiveList<T> live;  // those that the application has made
};

// Never destroyed: handles are used until the very end of the process.
template <class T>
Store<T>& store() {
  static auto* const instance = new Store<T>;
  return *instance;
}

}  // namespace cairn::shim
