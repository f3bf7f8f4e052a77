// SPDX-License-Identifier: Apache-2.0
// What keeps the job from being checkpointed, by name.
#include <atomic>
#include <cstdio>

#include "mpi/crcp/lifecycle.hpp"
#include "mpi/shim/objects.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

constexpr int kCount = static_cast<int>(Unsupported::count);

struct Counter {
  std::atomic<int> active{0};
  std::atomic<const char*> last{nullptr};
};
Counter counters[kCount];

constexpr const char* reasons[kCount] = {
    "a persistent collective exists",
    "a non-blocking file operation is not complete",
    "a one-sided operation is not complete",
    "a generalized request is not complete",
    "the program uses MPI from several threads at a time",
    "processes of another job are connected",
    "the MPI tools interface is in use",
};

std::size_t say_object(char* text, std::size_t capacity, const char* what, const char* name, const char* how) {
  const char* quote = name[0] != '\0' ? "'" : "";
  const int n = std::snprintf(text, capacity, "%s%s%s%s%s exists (%s)", what, name[0] != '\0' ? " " : "", quote, name,
                              quote, how);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

std::size_t say_comm(char* text, std::size_t capacity, const ompi_communicator_t& comm) {
  if (!members_all_local(comm.members) || !members_all_local(comm.remote_members))
    return say_object(text, capacity, "a communicator with processes of another job", comm.name,
                      "MPI_Comm_spawn, MPI_Comm_connect, ...");
  if (comm.inter) return say_object(text, capacity, "an intercommunicator", comm.name, "MPI_Intercomm_create");
  if (comm.topology == Topology::graph)
    return say_object(text, capacity, "a communicator with a graph topology", comm.name, "MPI_Graph_create");
  if (comm.topology == Topology::dist_graph)
    return say_object(text, capacity, "a communicator with a graph topology", comm.name, "MPI_Dist_graph_create");
  return 0;
}

}  // namespace

void note_unsupported_enter(Unsupported what, const char* function) noexcept {
  Counter& counter = counters[static_cast<int>(what)];
  counter.last.store(function, std::memory_order_relaxed);
  counter.active.fetch_add(1, std::memory_order_relaxed);
}

void note_unsupported_leave(Unsupported what) noexcept {
  counters[static_cast<int>(what)].active.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t first_unsupported(char* text, std::size_t capacity) {
  if (crcp::init_state() == crcp::InitState::initialized && crcp::thread_level() == MPI_THREAD_MULTIPLE) {
    const int n = std::snprintf(text, capacity, "%s (MPI_Init_thread with MPI_THREAD_MULTIPLE)",
                                reasons[static_cast<int>(Unsupported::thread_multiple)]);
    return static_cast<std::size_t>(n);
  }
  for (int i = 0; i < kCount; ++i) {
    if (counters[i].active.load(std::memory_order_relaxed) <= 0) continue;
    const int n =
        std::snprintf(text, capacity, "%s (%s)", reasons[i], counters[i].last.load(std::memory_order_relaxed));
    return static_cast<std::size_t>(n);
  }
  if (const ompi_file_t* file = objects().files.head(); file != nullptr)
    return say_object(text, capacity, "an open file", file->label, "MPI_File_open");
  if (const ompi_win_t* win = objects().wins.head(); win != nullptr)
    return say_object(text, capacity, "a window", win->name, "MPI_Win_create or _allocate");
  for (ompi_communicator_t* comm = objects().comms.head(); comm != nullptr; comm = comm->next)
    if (const std::size_t n = say_comm(text, capacity, *comm); n != 0) return n;
  for (const ompi_group_t* group = objects().groups.head(); group != nullptr; group = group->next)
    if (!members_all_local(group->members))
      return say_object(text, capacity, "a group with processes of another job", "", "MPI_Comm_remote_group");
  return 0;
}

}  // namespace cairn::shim
