// SPDX-License-Identifier: Apache-2.0
// The members of a window meet: each says who it is and where its part lies. If they are on one node each maps what is
// shared, and tries whether the kernel lets it reach what is not. If they are not, or it does not, the real library has
// windows of theirs.
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "mpi/abi/mpi_state.h"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/lifecycle.hpp"
#include "mpi/shim/objects/info/info.hpp"
#include "mpi/shim/objects/window/local_window.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr std::size_t kPage = 4096;

std::size_t whole_pages(MPI_Aint bytes) noexcept {
  return std::max<std::size_t>((static_cast<std::size_t>(bytes) + kPage - 1) / kPage * kPage, kPage);
}

}  // namespace

// Exchanged as bytes.
struct LocalWindow::Greeting {
  std::uint64_t node, base, secret_at, secret;
  MPI_Aint bytes;
  std::int32_t process, unit, control, memory;
  std::int32_t several_threads, failed;
};

LocalWindow::LocalWindow(ompi_communicator_t* own, const WindowShape& wanted, const ompi_info_t* hints)
    : comm(own), rank(own->rank), size(own->size), shape(wanted), info(info_copy(hints)), epoch(own->size) {
  std::random_device random;
  secret_ = static_cast<std::uint64_t>(random()) << 32 | random();
}

LocalWindow::~LocalWindow() {
  info_drop(info);
  if (mapped_bytes_ != 0) munmap(mapped_, mapped_bytes_);
}

bool LocalWindow::is_ours() const noexcept {
  return shape.flavor == MPI_WIN_FLAVOR_ALLOCATE || shape.flavor == MPI_WIN_FLAVOR_SHARED;
}

bool LocalWindow::has_shared_memory() const noexcept { return mapped_bytes_ != 0 && size > 1 && !is_common(); }

// Memory of ours, once: in a restart it is there again, and the host has it.
bool LocalWindow::allocate() {
  const bool none = size > 1 && shape.bytes == 0;
  if (shape.base != nullptr || !is_ours() || none || is_common()) {
    if (has_shared_memory()) memory_descriptor_.reset(crcp::agent::window_memory(shape.base));
    return !has_shared_memory() || memory_descriptor_.get() >= 0;
  }
  const std::size_t bytes = whole_pages(shape.bytes);
  if (size > 1) memory_descriptor_.reset(make_memory(CAIRN_MPI_WINDOW_MEMORY, bytes));
  if (size > 1 && memory_descriptor_.get() < 0) return false;
  shape.base = map_for_program(memory_descriptor_.get(), bytes);
  if (shape.base == nullptr) return false;
  mapped_ = static_cast<unsigned char*>(shape.base);
  mapped_bytes_ = bytes;
  return true;
}

LocalWindow::Greeting LocalWindow::greeting() {
  Greeting mine{};
  mine.failed = allocate() ? 0 : 1;
  if (rank == 0) control_descriptor_.reset(make_memory("cairn-window-words", Control::bytes(size)));
  if (rank == 0 && control_descriptor_.get() < 0) mine.failed = 1;
  mine.node = node_identity();
  mine.process = own_process();
  mine.base = reinterpret_cast<std::uint64_t>(shape.base);
  mine.bytes = shape.bytes;
  mine.unit = shape.unit;
  mine.secret_at = reinterpret_cast<std::uint64_t>(&secret_);
  mine.secret = secret_;
  mine.control = control_descriptor_.get();
  mine.memory = memory_descriptor_.get();
  mine.several_threads = crcp::thread_level() == MPI_THREAD_MULTIPLE ? 1 : 0;
  return mine;
}

const char* LocalWindow::connect() {
  const Greeting mine = greeting();
  std::vector<Greeting> all(static_cast<std::size_t>(size));
  constexpr int kBytes = sizeof(Greeting);
  RealComm* const own = to_real(comm);
  RealDatatype* const byte = to_real(MPI_BYTE);
  cross(real.Allgather, static_cast<const void*>(&mine), kBytes, byte, static_cast<void*>(all.data()), kBytes, byte,
        own);
  if (is_far()) save();
  real_side_.reset();
  const char* why = connect_near(all);
  if (why != nullptr) why = connect_far(all, why);
  if (why == nullptr && !saved_.empty()) {
    control.restore(rank, saved_);
    saved_.clear();
    cross(real.Barrier, own);
  }
  control_descriptor_.reset(-1);
  if (has_shared_memory()) crcp::agent::forget_window_memory(shape.base);
  memory_descriptor_.reset(-1);
  return why;
}

bool LocalWindow::is_done_by_all(bool done) {
  int by_me = done ? 1 : 0, by_all = 0;
  cross(real.Allreduce, static_cast<const void*>(&by_me), static_cast<void*>(&by_all), 1, to_real(MPI_INT),
        to_real(MPI_MIN), to_real(comm));
  return by_all != 0;
}

// Null, or why not, which all see alike.
const char* LocalWindow::connect_near(const std::vector<Greeting>& all) {
  for (const Greeting& one : all) {
    if (one.node != all[0].node) return "between several nodes";
    if (one.failed != 0) return "without memory that can be shared";
  }
  const bool shared = !is_common() || share(all);
  // Nobody needs the descriptors any more once all have come here.
  if (is_done_by_all(shared && attach(all) && reaches(all))) return nullptr;
  return "between processes that may not reach each other's memory";
}

// `why` it cannot be near.
const char* LocalWindow::connect_far(const std::vector<Greeting>& all, const char* why) {
  const auto any = [&](auto&& is_so) { return std::any_of(all.begin(), all.end(), is_so); };
  if (is_common() || any([](const Greeting& one) { return one.failed != 0; })) return why;
  // Not every library's windows can be used by several threads.
  if (any([](const Greeting& one) { return one.several_threads != 0; }))
    return any([&](const Greeting& one) { return one.node != all[0].node; })
               ? "between several nodes, in MPI_THREAD_MULTIPLE,"
               : why;
  control_descriptor_.reset(-1);  // a process with it cannot be saved
  members.clear();
  for (const Greeting& one : all) members.push_back({one.process, one.unit, one.base, one.bytes, {}, nullptr});
  control.have_own(size);
  real_side_ = std::make_unique<RealSide>(size);
  if (is_done_by_all(real_side_->open(*this) == MPI_SUCCESS)) return nullptr;
  real_side_->close();
  real_side_.reset();
  return why;
}

int LocalWindow::disconnect() {
  const int rc = is_far() ? real_side_->close() : MPI_SUCCESS;
  real_side_.reset();
  return rc;
}

// Common memory, once: in a restart the host has made it one again, at the addresses that the program knows.
bool LocalWindow::share(const std::vector<Greeting>& all) {
  if (mapped_ != nullptr) return true;
  MPI_Aint bytes = 0, before = 0;
  for (int r = 0; r < size; ++r) {
    if (r == rank) before = bytes;
    bytes += all[static_cast<std::size_t>(r)].bytes;
  }
  char name[64];
  std::snprintf(name, sizeof name, CAIRN_MPI_COMMON_MEMORY "%016llx", static_cast<unsigned long long>(secret_));
  if (rank == 0) memory_descriptor_.reset(make_memory(name, whole_pages(bytes)));
  int number = memory_descriptor_.get();
  cross(real.Bcast, static_cast<void*>(&number), 1, to_real(MPI_INT), 0, to_real(comm));
  if (rank != 0 && number >= 0) memory_descriptor_.reset(open_memory(all[0].process, number));
  if (memory_descriptor_.get() < 0) return false;
  mapped_ = static_cast<unsigned char*>(map_for_program(memory_descriptor_.get(), whole_pages(bytes)));
  if (mapped_ == nullptr) return false;
  mapped_bytes_ = whole_pages(bytes);
  shape.base = mapped_ + before;
  return true;
}

bool LocalWindow::attach(const std::vector<Greeting>& all) {
  if (rank != 0) control_descriptor_.reset(open_memory(all[0].process, all[0].control));
  if (!control.map(control_descriptor_.get(), size)) return false;
  members.clear();
  unsigned char* part = mapped_;  // of common memory: one behind the other
  for (int r = 0; r < size; ++r) {
    const Greeting& one = all[static_cast<std::size_t>(r)];
    members.push_back({one.process, one.unit, one.base, one.bytes, {}, nullptr});
    WindowMember& member = members.back();
    if (r == rank) member.seen = static_cast<unsigned char*>(shape.base);
    if (is_common()) member.seen = part;
    part += one.bytes;
    if (r == rank || one.memory < 0) continue;
    const UniqueFd theirs(open_memory(one.process, one.memory));
    if (!member.shared.map(theirs.get(), whole_pages(one.bytes))) return false;
    member.seen = member.shared.start();
  }
  return true;
}

// What is not shared the kernel must let us read: a number that only the right process has there.
bool LocalWindow::reaches(const std::vector<Greeting>& all) const {
  for (int r = 0; r < size; ++r) {
    if (r == rank || is_ours()) continue;
    const Greeting& one = all[static_cast<std::size_t>(r)];
    const RemotePiece piece{one.secret_at, sizeof one.secret};
    std::uint64_t found = 0;
    if (!read_pieces(one.process, &piece, 1, &found) || found != one.secret) return false;
  }
  return true;
}

void LocalWindow::save() { saved_ = control.save(rank); }

void LocalWindow::forget_mappings() noexcept {
  control.forget();
  for (WindowMember& member : members) member.shared.forget();
}

}  // namespace cairn::shim
