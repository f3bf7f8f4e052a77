// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/agent.hpp"

#include <cerrno>
#include <cstddef>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"
#include "mpi/abi/mpi_state.h"

namespace cairn::crcp::agent {

namespace {

cairn_agent* service = nullptr;  // cleared before every cut

template <class F>
auto in_host(F&& f) noexcept {
  const std::uint64_t guest = cairn_enter();
  auto result = f();
  cairn_leave(guest);
  return result;
}

cairn_agent* find() noexcept {
  if (service == nullptr && cairn_is_hosted() != 0)
    service = static_cast<cairn_agent*>(
        in_host([]() noexcept { return CAIRN_TABLE->service(CAIRN_AGENT_SERVICE, CAIRN_AGENT_VERSION); }));
  return service;
}

cairn_mpi_state* state_service() noexcept {
  return static_cast<cairn_mpi_state*>(
      in_host([]() noexcept { return CAIRN_TABLE->service(CAIRN_MPI_STATE_SERVICE, CAIRN_MPI_STATE_VERSION); }));
}

constexpr std::size_t kLongestPath = 8192;

// An older host has not all functions.
template <class Service, class Function>
bool has(const Service* s, Function Service::*function) noexcept {
  return s != nullptr &&
         reinterpret_cast<const char*>(&(s->*function) + 1) <= reinterpret_cast<const char*>(s) + s->size;
}

}  // namespace

bool present() noexcept { return find() != nullptr; }
void forget() noexcept { service = nullptr; }
int rank() noexcept { return find()->rank; }
int size() noexcept { return find()->nranks; }

int start() noexcept {
  cairn_agent* a = find();
  return a == nullptr ? -ENOSYS : in_host([a]() noexcept { return a->start(); });
}

int request(cairn_agent_request& out) noexcept {
  cairn_agent* a = find();
  return a == nullptr ? -ENOENT : in_host([&]() noexcept { return a->request(&out); });
}

int fence_begin(const std::vector<std::uint8_t>& data) noexcept {
  cairn_agent* a = find();
  return in_host([&]() noexcept { return a->fence_begin(data.data(), data.size()); });
}

int fence_test() noexcept {
  cairn_agent* a = find();
  return in_host([a]() noexcept { return a->fence_test(); });
}

bool part(int rank, std::vector<std::uint8_t>& bytes) {
  cairn_agent* a = find();
  std::uint64_t n = 0;
  if (bytes.size() < 4096) bytes.resize(4096);
  for (;;) {
    const int rc = in_host([&]() noexcept { return a->part(rank, bytes.data(), bytes.size(), &n); });
    if (rc != 0) return false;
    const bool fits = n <= bytes.size();
    bytes.resize(n);
    if (fits) return true;
  }
}

int verdict(std::uint64_t step, bool pass) noexcept {
  cairn_agent* a = find();
  return in_host([&]() noexcept { return a->verdict(step, pass ? 1 : 0); });
}

void progress(const char* text) noexcept {
  cairn_agent* a = find();
  if (a == nullptr) return;
  in_host([&]() noexcept {
    a->progress(text);
    return 0;
  });
}

void doing(const std::vector<cairn_agent_activity>& threads, const std::string& late_on) noexcept {
  cairn_agent* a = find();
  if (!has(a, &cairn_agent::doing)) return;
  in_host([&]() noexcept {
    a->doing(threads.data(), static_cast<std::uint32_t>(threads.size()), late_on.c_str());
    return 0;
  });
}

void gives_up(const std::string& own) noexcept {
  cairn_agent* a = find();
  if (!has(a, &cairn_agent::gives_up)) return;
  in_host([&]() noexcept {
    a->gives_up(own.c_str());
    return 0;
  });
}

void want_close() noexcept {
  cairn_agent* a = find();
  if (a == nullptr) return;
  in_host([&]() noexcept {
    a->want_close();
    return 0;
  });
}

int closed() noexcept {
  cairn_agent* a = find();
  return a == nullptr ? 1 : in_host([&]() noexcept { return a->closed(); });
}

void tell_initialized(int required, int provided) noexcept {
  if (cairn_mpi_state* s = state_service())
    in_host([&]() noexcept {
      s->initialized(required, provided);
      return 0;
    });
}

void tell_about_to_initialize() noexcept {
  if (cairn_mpi_state* s = state_service(); has(s, &cairn_mpi_state::about_to_initialize))
    in_host([&]() noexcept {
      s->about_to_initialize();
      return 0;
    });
}

void tell_finalized() noexcept {
  if (cairn_mpi_state* s = state_service())
    in_host([&]() noexcept {
      s->finalized();
      return 0;
    });
}

void tell_open_file(const char* path, bool written, std::uint64_t device, std::uint64_t inode) noexcept {
  if (cairn_mpi_state* s = state_service(); has(s, &cairn_mpi_state::open_file))
    in_host([&]() noexcept {
      s->open_file(path, written ? 1 : 0);
      if (has(s, &cairn_mpi_state::open_file_is)) s->open_file_is(device, inode);
      return 0;
    });
}

void forget_open_files() noexcept {
  if (cairn_mpi_state* s = state_service(); has(s, &cairn_mpi_state::open_file))
    in_host([&]() noexcept {
      s->open_file(nullptr, 0);
      return 0;
    });
}

std::string place_of(const std::string& path) {
  cairn_mpi_state* s = state_service();
  if (!has(s, &cairn_mpi_state::place_of)) return path;
  std::string place(kLongestPath, '\0');
  const std::uint64_t n = in_host([&]() noexcept { return s->place_of(path.c_str(), place.data(), place.size()); });
  if (n >= place.size()) return path;
  place.resize(n);
  return place;
}

int window_memory(const void* start) noexcept {
  cairn_mpi_state* s = state_service();
  if (!has(s, &cairn_mpi_state::window_memory)) return -1;
  return in_host([&]() noexcept { return s->window_memory(start); });
}

void forget_window_memory(const void* start) noexcept {
  cairn_mpi_state* s = state_service();
  if (!has(s, &cairn_mpi_state::forget_window_memory)) return;
  in_host([&]() noexcept {
    s->forget_window_memory(start);
    return 0;
  });
}

void tell_common_memory(bool exists) noexcept {
  cairn_mpi_state* s = state_service();
  if (!has(s, &cairn_mpi_state::common_memory)) return;
  in_host([&]() noexcept {
    s->common_memory(exists ? 1 : 0);
    return 0;
  });
}

}  // namespace cairn::crcp::agent
