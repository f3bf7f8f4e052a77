// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/request/active.hpp"

#include <atomic>
#include <cstdio>

#include "mpi/p2p/persistent_collective.hpp"
#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/kinds.hpp"

namespace cairn::shim {
namespace {

using p2p::RequestKind;

// The kinds that cannot be saved; the others are complete when the job has settled.
struct Active {
  RequestKind kind;
  const char* obstacle;
  std::atomic<int> count{0};
  std::atomic<const char*> last{nullptr};  // function that made one
};
Active all[] = {
    {RequestKind::rma, "a one-sided operation is not complete"},
};

Active* find(RequestKind kind) noexcept {
  for (Active& active : all)
    if (active.kind == kind) return &active;
  return nullptr;
}

}  // namespace

void request_begins(RequestKind kind, const char* function) noexcept {
  Active* active = find(kind);
  if (active == nullptr) return;
  active->last.store(function, std::memory_order_relaxed);
  active->count.fetch_add(1, std::memory_order_relaxed);
}

void request_ends(RequestKind kind) noexcept {
  if (Active* active = find(kind); active != nullptr) active->count.fetch_sub(1, std::memory_order_relaxed);
}

std::size_t request_obstacle(char* text, std::size_t capacity) {
  for (const Active& active : all) {
    if (active.count.load(std::memory_order_relaxed) <= 0) continue;
    const char* function = active.last.load(std::memory_order_relaxed);
    const int n = std::snprintf(text, capacity, "%s (%s)", active.obstacle, function);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  if (const p2p::Request* r = p2p::persistent_of_freed())
    return describe_obstacle(text, capacity, "a persistent collective on a freed communicator", r->comm->name,
                             "MPI_Request_free frees it");
  return 0;
}

}  // namespace cairn::shim
