// SPDX-License-Identifier: Apache-2.0
// core/state/resident.hpp for programs without a resident half: cr_info, the table of documentation, unit
// tests. The process has no guest; of its descriptors, those from fd_base() on count as the host's.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/clock.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/host_at_rest.hpp"
#include "core/state/extension.hpp"
#include "core/state/resident.hpp"

namespace cairn::host {
namespace {

constexpr int kFirstOfHost = 500;

class NoExtension : public Extension {
  const char* name() const noexcept override { return "none"; }
};

}  // namespace

void* arena_mmap(void* address, std::size_t length, int prot, int flags, int fd, off_t offset) noexcept {
  return mmap(address, length, prot, flags, fd, offset);
}
int arena_munmap(void* address, std::size_t length) noexcept { return munmap(address, length); }
bool set_memory_map(const GuestMemoryMap& /*map*/) noexcept {
  errno = ENOTSUP;
  return false;
}
std::uint64_t current_brk() noexcept { return 0; }

bool is_host_thread(int /*tid*/) noexcept { return true; }
std::vector<int> guest_threads() { return {}; }
std::uint64_t main_thread_fs() noexcept { return 0; }

bool is_host_fd(int fd) noexcept { return fd >= kFirstOfHost; }
int fd_base() noexcept { return kFirstOfHost; }
std::vector<int> guest_fds() {
  std::vector<int> result;
  for (const std::string& name : directory_entries("/proc/self/fd")) {
    const int fd = static_cast<int>(to_number(name));
    // The directory that was read is among them, and closed by now.
    if (!is_host_fd(fd) && access(("/proc/self/fd/" + name).c_str(), F_OK) == 0) result.push_back(fd);
  }
  std::sort(result.begin(), result.end());
  return result;
}

LowNumbers::LowNumbers() noexcept = default;
LowNumbers::~LowNumbers() = default;
void with_descriptors_at_rest(const std::function<void()>& work) { work(); }

cairn_guest* guest() noexcept { return nullptr; }
const std::string& guest_exe() noexcept {
  static const std::string none;
  return none;
}
bool is_original_process() noexcept { return true; }
void set_boot_clocks_ahead(const BootClocks& /*ahead*/) noexcept {}
void set_processor_time_ahead(ProcessorTime /*ahead*/, std::int64_t /*processor*/) {}
BootClocks boot_clocks_ahead() noexcept { return {}; }
std::int64_t clock_ahead(clockid_t /*clock*/) noexcept { return 0; }
cairn_usage usage_ahead(int /*who*/) noexcept { return {}; }
ThreadTime thread_time_ahead(int /*tid*/) noexcept { return {}; }
std::int64_t guest_processor_time() noexcept { return clock_now(CLOCK_PROCESS_CPUTIME_ID); }
HostWork::HostWork(std::int64_t /*since*/) noexcept { static_cast<void>(slot_); }
HostWork::~HostWork() = default;

Extension& extension() noexcept {
  static NoExtension none;
  return none;
}

}  // namespace cairn::host
