// SPDX-License-Identifier: Apache-2.0
// Handle objects: making, freeing and enumerating them. Internal to mpi/shim.
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

struct Objects {
  HandlePool<ompi_communicator_t> comm_pool;
  HandlePool<ompi_group_t> group_pool;
  HandlePool<ompi_datatype_t> type_pool;
  HandlePool<ompi_op_t> op_pool;
  HandlePool<ompi_errhandler_t> errhandler_pool;
  HandlePool<ompi_info_t> info_pool;
  HandlePool<ompi_win_t> win_pool;
  HandlePool<ompi_file_t> file_pool;
  LiveList<ompi_communicator_t> comms;
  LiveList<ompi_group_t> groups;
  LiveList<ompi_op_t> ops;
  LiveList<ompi_win_t> wins;
  LiveList<ompi_file_t> files;
};

// The one root of this library's mutable object state.
Objects& objects();

// Member lists.
MemberList* members_make(int size);                    // one reference, world[] unset
MemberList* members_share(MemberList* list) noexcept;  // one more reference; null stays null
void members_drop(MemberList* list) noexcept;
// World ranks of a real group's members. Crosses; stand in a section or behind a door.
MemberList* members_of(RealGroup* group);
bool members_all_local(const MemberList* list) noexcept;  // none is an outsider

// The real group of MPI_COMM_WORLD, kept until the next restart. Crosses.
RealGroup* world_group();
void world_group_forget() noexcept;

}  // namespace cairn::shim
