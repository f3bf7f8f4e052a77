// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/window/real_side.hpp"

#include <algorithm>

#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

// The program's hints, but for the one that forbids the epoch which is always begun.
class Hints {
 public:
  explicit Hints(const ompi_info_t* given) : copy_(without_no_locks(given)), real_(copy_) {}
  ~Hints() { info_drop(copy_); }
  Hints(const Hints&) = delete;
  Hints& operator=(const Hints&) = delete;
  RealInfo* get() const noexcept { return real_.get(); }

 private:
  static ompi_info_t* without_no_locks(const ompi_info_t* given) {
    if (given == nullptr) return MPI_INFO_NULL;
    ompi_info_t* const copy = info_copy(given);
    std::erase_if(copy->store->items, [](const auto& item) { return item.first == "no_locks"; });
    return copy;
  }
  ompi_info_t* copy_;
  InfoScope real_;
};

int begin_epoch(RealWin* made) noexcept {
  cross(real.Win_set_errhandler, made, real_objects.errors_return);
  return cross(real.Win_lock_all, static_cast<int>(MPI_MODE_NOCHECK), made);
}

int end(RealWin*& window) noexcept {
  if (window == nullptr) return MPI_SUCCESS;
  const int unlocked = cross(real.Win_unlock_all, window);
  const int freed = cross(real.Win_free, &window);
  window = nullptr;
  return unlocked != MPI_SUCCESS ? unlocked : freed;
}

}  // namespace

RealSide::RealSide(int members)
    : used_(static_cast<std::size_t>(members), false),
      told_(static_cast<std::size_t>(members), false),
      attached_(static_cast<std::size_t>(members)) {}

int RealSide::open(const LocalWindow& window) {
  RealComm* const comm = to_real(window.comm);
  const WindowShape& shape = window.shape;
  const Hints hints(window.info);
  RealWin* made = nullptr;
  int rc = shape.flavor == MPI_WIN_FLAVOR_DYNAMIC
               ? cross(real.Win_create_dynamic, hints.get(), comm, &made)
               : cross(real.Win_create, shape.base, shape.bytes, shape.unit, hints.get(), comm, &made);
  if (rc != MPI_SUCCESS) return rc;
  memory_ = made;
  const auto block = static_cast<MPI_Aint>(window.control.block_size());
  rc = cross(real.Win_create, window.control.own_block(), block, 1, real_objects.info_null, comm, &made);
  if (rc != MPI_SUCCESS) return rc;
  words_ = made;
  rc = begin_epoch(memory_);
  if (rc == MPI_SUCCESS) rc = begin_epoch(words_);
  for (const Attached& one : window.attached)
    if (rc == MPI_SUCCESS) rc = cross(real.Win_attach, memory_, one.start, one.bytes);
  return rc;
}

int RealSide::close() {
  const int of_memory = end(memory_), of_words = end(words_);
  return of_memory != MPI_SUCCESS ? of_memory : of_words;
}

RealWin* RealSide::reach(int target) noexcept {
  used_[static_cast<std::size_t>(target)] = true;
  return memory_;
}

int RealSide::flush(int target) noexcept {
  const auto at = static_cast<std::size_t>(target);
  if (!used_[at]) return MPI_SUCCESS;
  const int rc = cross(real.Win_flush, target, memory_);
  used_[at] = false;
  return rc;
}

// One by one: the library asks all members, used or not.
int RealSide::flush_all() noexcept {
  int rc = MPI_SUCCESS;
  for (std::size_t target = 0; target < used_.size(); ++target)
    if (const int one = flush(static_cast<int>(target)); one != MPI_SUCCESS) rc = one;
  return rc;
}

int RealSide::flush_local() noexcept { return cross(real.Win_flush_local_all, memory_); }

void RealSide::settle() noexcept {
  flush_all();
  for (std::size_t target = 0; target < told_.size(); ++target) flush_words(static_cast<int>(target));
}

int RealSide::fetch_add(int target, std::size_t offset, std::uint64_t more, std::uint64_t* before) noexcept {
  const int rc = cross(real.Fetch_and_op, &more, before, to_real(MPI_UINT64_T), target, static_cast<MPI_Aint>(offset),
                       to_real(more == 0 ? MPI_NO_OP : MPI_SUM), words_);
  told_[static_cast<std::size_t>(target)] = true;
  const int flushed = flush_words(target);
  return rc != MPI_SUCCESS ? rc : flushed;
}

int RealSide::ask_attached(int target, std::uint64_t first, std::uint64_t behind) noexcept {
  std::vector<std::uint64_t>& known = attached_[static_cast<std::size_t>(target)];
  if (!known.empty() && Control::is_attached(known.data(), first, behind)) return MPI_SUCCESS;
  constexpr int kWords = Control::kCountersAt / sizeof(std::uint64_t);
  known.resize(kWords);
  RealDatatype* const type = to_real(MPI_UINT64_T);
  int rc = cross(real.Get, known.data(), kWords, type, target, MPI_Aint{0}, kWords, type, words_);
  told_[static_cast<std::size_t>(target)] = true;
  if (rc == MPI_SUCCESS) rc = flush_words(target);
  if (rc != MPI_SUCCESS) return rc;
  return Control::is_attached(known.data(), first, behind) ? MPI_SUCCESS : MPI_ERR_RMA_RANGE;
}

int RealSide::add(int target, std::size_t offset, std::uint64_t more) noexcept {
  RealDatatype* const type = to_real(MPI_UINT64_T);
  const int rc =
      cross(real.Accumulate, &more, 1, type, target, static_cast<MPI_Aint>(offset), 1, type, to_real(MPI_SUM), words_);
  return rc != MPI_SUCCESS ? rc : send_words(target);
}

int RealSide::add_one(int target, std::size_t offset) noexcept {
  const std::uint32_t one = 1;
  RealDatatype* const type = to_real(MPI_UINT32_T);
  const int rc =
      cross(real.Accumulate, &one, 1, type, target, static_cast<MPI_Aint>(offset), 1, type, to_real(MPI_SUM), words_);
  return rc != MPI_SUCCESS ? rc : send_words(target);
}

// Does not wait for the target: only for the library to have read what is sent.
int RealSide::send_words(int target) noexcept {
  told_[static_cast<std::size_t>(target)] = true;
  return cross(real.Win_flush_local, target, words_);
}

int RealSide::flush_words(int target) noexcept {
  const auto at = static_cast<std::size_t>(target);
  if (!told_[at]) return MPI_SUCCESS;
  const int rc = cross(real.Win_flush, target, words_);
  told_[at] = false;
  return rc;
}

}  // namespace cairn::shim
