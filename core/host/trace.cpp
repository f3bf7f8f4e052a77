// SPDX-License-Identifier: Apache-2.0
#include "core/host/trace.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "core/base/modes.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::host {
namespace {

cairn_trace_ring* ring = nullptr;

}  // namespace

void start_trace() {
  const char* prefix = std::getenv("CAIRN_TRACE");
  if (prefix == nullptr || *prefix == '\0') return;
  const std::string path = std::string(prefix) + "." + std::to_string(getpid());
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!fd || ftruncate(fd.get(), sizeof(cairn_trace_ring)) != 0) return;
  complete_mode(fd.get(), 0600);
  void* mapped = mmap(nullptr, sizeof(cairn_trace_ring), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return;
  auto* fresh = static_cast<cairn_trace_ring*>(mapped);
  fresh->magic = CAIRN_TRACE_MAGIC;
  fresh->entries = CAIRN_TRACE_ENTRIES;
  fresh->pid = static_cast<std::uint32_t>(getpid());
  ring = fresh;
}

void trace(std::uint32_t event, std::uint64_t a, std::uint64_t b) noexcept {
  if (ring == nullptr) return;
  const std::uint64_t number = __atomic_fetch_add(&ring->next, 1, __ATOMIC_RELAXED);
  cairn_trace_record& record = ring->record[number % CAIRN_TRACE_ENTRIES];
  timespec now{};
  raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<long>(&now));
  __atomic_store_n(&record.nanoseconds, 0, __ATOMIC_RELEASE);
  record.tid = static_cast<std::uint32_t>(raw_syscall(SYS_gettid));
  record.event = event;
  record.a = a;
  record.b = b;
  __atomic_store_n(&record.nanoseconds,
                   static_cast<std::uint64_t>(now.tv_sec) * 1000000000UL + static_cast<std::uint64_t>(now.tv_nsec),
                   __ATOMIC_RELEASE);
}

}  // namespace cairn::host
