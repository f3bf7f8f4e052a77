// SPDX-License-Identifier: Apache-2.0
// What can run within a light crossing is the MPI library, whatever has been opened with dlopen(), and whatever these
// are bound to. Each of them must do without thread-local state of its own, and reach everything that does not, libc
// above all, through entries. Looked at are not names in files but the addresses that ld.so has put there.
#include "mpi/host/crossing_proof.hpp"

#include <dlfcn.h>
#include <mpi.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "core/abi/crossing_variable.hpp"
#include "core/host/crossing.hpp"
#include "core/host/entries.hpp"
#include "core/host/loaded_objects.hpp"
#include "mpi/host/agent_service.hpp"
#include "mpi/host/library.hpp"

namespace cairn::mpi {
namespace {

class Proof {
 public:
  Proof() : libraries_(loaded_libraries()), reached_(libraries_.size(), false) {}

  // Empty if it holds, else what is in its way. Binds what ld.so would bind at the first call: it has thread-local
  // state.
  std::string run() {
    reach(at(reinterpret_cast<std::uint64_t>(reinterpret_cast<void*>(&MPI_Init))));
    for (void* handle : host::opened_objects()) {
      const std::size_t opened = at(reinterpret_cast<std::uint64_t>(static_cast<const link_map*>(handle)->l_ld));
      if (opened != kNone && !runs_in_init_alone(libraries_[opened])) reach(opened);
    }
    while (obstacle_.empty() && !waiting_.empty()) {
      const std::size_t next = waiting_.back();
      waiting_.pop_back();
      look_at(libraries_[next]);
    }
    return obstacle_;
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::size_t at(std::uint64_t address) const noexcept {
    for (std::size_t i = 0; i < libraries_.size(); ++i)
      if (libraries_[i].contains(address)) return i;
    return kNone;
  }

  // hwloc's plugins look for devices: in hwloc_topology_load(), which Open MPI calls within MPI_Init. They stay open.
  static bool runs_in_init_alone(const Library& library) { return library.name().rfind("hwloc_", 0) == 0; }

  void reach(std::size_t library) {
    if (library == kNone || reached_[library] || libraries_[library].is_program()) return;
    reached_[library] = true;
    waiting_.push_back(library);
  }

  void look_at(const Library& library) {
    if (library.thread_local_state()) {
      obstacle_ = library.name() + " has thread-local state";
      return;
    }
    for (const Binding& binding : library.bindings()) {
      if (!obstacle_.empty()) return;
      const bool unbound = library.contains(*binding.place) && *binding.place != binding.own;
      if (binding.lazy && unbound) bind(library, binding);
      if (binding.lazy && !library.bound_at_once()) mask(binding);
      if (*binding.place != 0) look_at(library, binding);
    }
  }

  // The program's libraries find their symbols where dlsym() does; what was opened later has been bound by dlopen().
  void bind(const Library& library, const Binding& binding) {
    const auto found = reinterpret_cast<std::uint64_t>(dlsym(RTLD_DEFAULT, binding.name));
    if (found != 0 && (binding.own == 0 || binding.own == found || host::is_entry(found)))
      *binding.place = found;
    else
      obstacle_ = library.name() + " is not bound to " + binding.name + "()";
  }

  void look_at(const Library& library, const Binding& binding) {
    const std::size_t target = at(*binding.place);
    if (target == kNone || host::is_entry(*binding.place)) return;
    const Library& other = libraries_[target];
    if (!other.is_program() && !other.thread_local_state()) {
      reach(target);
    } else if (other.is_code(*binding.place) && !host::needs_no_entry(binding.name) && !masked(binding)) {
      const std::string where = other.is_program() ? "the host" : other.name();
      obstacle_ =
          library.name() + " calls " + binding.name + "() of " + where + ", which has thread-local state and no entry";
    }
  }

  // For tests: as if there were no such entry.
  static bool masked(const Binding& binding) noexcept {
    const char* name = host::masked_entry();
    return name != nullptr && host::wanted_crossing() == CAIRN_CROSSING_CHECK && std::strcmp(name, binding.name) == 0;
  }
  static void mask(const Binding& binding) noexcept {
    if (!masked(binding) || !host::is_entry(*binding.place)) return;
    if (void* const real = host::behind_entry(binding.name)) *binding.place = reinterpret_cast<std::uint64_t>(real);
  }

  std::vector<Library> libraries_;
  std::vector<bool> reached_;
  std::vector<std::size_t> waiting_;
  std::string obstacle_;
};

bool is_first_rank() noexcept {
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return rank == nullptr || std::strcmp(rank, "0") == 0;
}

// Who has not asked for others is not told: --status says it.
void take_full_crossings(const std::string& why) {
  host::set_crossing(CAIRN_CROSSING_FULL, why);
  tell_crossing();
  if (is_first_rank() && host::crossing_is_asked_for())
    std::fprintf(stderr, "cairn: calls into MPI are full crossings: %s\n", why.c_str());
}

std::atomic<bool> watching{false};

// Also of the thread that has just opened something, before anything of it can run.
void look() {
  static std::mutex lock;
  const std::lock_guard<std::mutex> locked(lock);
  if (!watching.load()) return;
  const std::string obstacle = Proof().run();
  if (obstacle.empty()) return;
  watching.store(false);
  take_full_crossings(obstacle);
}

}  // namespace

void choose_crossing() {
  if (const std::string word = host::unknown_crossing(); !word.empty()) {
    take_full_crossings(std::string(crossing_variable) + "=" + word + " is unknown (full, light, check)");
    return;
  }
  const std::uint32_t wanted = host::wanted_crossing();
  if (wanted == CAIRN_CROSSING_FULL) return;
  const std::string obstacle = Proof().run();
  if (!obstacle.empty()) {
    take_full_crossings(obstacle);
    return;
  }
  host::set_crossing(wanted, "");
  tell_crossing();
  watching.store(true);
  host::on_opened(look);
}

void tell_entry_calls() {
  if (host::wanted_crossing() != CAIRN_CROSSING_CHECK || !is_first_rank()) return;
  std::string text;
  const auto entries = host::entries();
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (host::entry_calls(i) != 0)
      text += " " + std::string(entries[i].name) + " " + std::to_string(host::entry_calls(i));
  std::fprintf(stderr, "cairn: entries called within light crossings:%s\n", text.empty() ? " none" : text.c_str());
}

}  // namespace cairn::mpi
