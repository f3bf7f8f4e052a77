// SPDX-License-Identifier: Apache-2.0
// The new host of a forked copy, from main() on. Ordinary code; the program's threads stand meanwhile.
#include "core/host/adoption.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstring>
#include <ctime>
#include <thread>

#include "core/abi/thread_pointer.h"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/proc.hpp"
#include "core/host/descriptors.hpp"
#include "core/host/host.hpp"
#include "core/host/table.hpp"
#include "core/host/threads.hpp"
#include "core/host/trace.hpp"
#include "core/host/vdso.hpp"
#include "core/state/beginning.hpp"

namespace cairn::host {
namespace {

constexpr std::size_t kMostTold = 1UL << 20;

// What only the old host knows. Asked while the table is still its own.
struct Old {
  const cairn_table& table = *CAIRN_TABLE;
  std::string host_path = table.host_path, program = table.guest_exe, options = table.host_options;
  cairn_guest* guest = table.guest;
  BootClocks clocks{table.clock_ahead(CLOCK_MONOTONIC), table.clock_ahead(CLOCK_BOOTTIME), table.ticks_ahead(),
                    table.clock_ahead(CLOCK_MONOTONIC_RAW)};

  // Its function runs with its thread pointer, of the one thread that it still has.
  std::vector<std::uint8_t> start() const {
    std::vector<std::uint8_t> told(kMostTold);
    const std::uint64_t own = cairn_own_fs();
    cairn_write_fs(table.copy_host_fs);
    const std::uint64_t size = table.tell_start(told.data(), told.size());
    cairn_write_fs(own);
    if (size > told.size()) throw EnvironmentError("what it was started with is too long");
    told.resize(size);
    return told;
  }
  // The word that hosts hand on through exec.
  std::string handed_on() const {
    constexpr std::string_view kOption = "--cairn-inherited=";
    const std::size_t at = options.find(kOption);
    if (at == std::string::npos) return {};
    const std::size_t from = at + kOption.size();
    return options.substr(from, options.find(' ', from) - from);
  }
  // Copies of its descriptors, which belong to the process that has forked.
  void close_descriptors() const {
    for (int fd = 0; (fd = table.next_host_fd(fd)) != INT_MAX; ++fd) raw_syscall(SYS_close, fd);
  }
};

std::vector<AddressRange> mapped_in_arena() {
  std::vector<AddressRange> result;
  const std::string maps = read_file_or_throw("/proc/self/maps");
  for (const std::string_view line : split_lines(maps)) {
    const AddressRange range{to_number(line, 16), to_number(line.substr(line.find('-') + 1), 16)};
    if (range.start < CAIRN_ARENA_TOP) result.push_back(range);
  }
  return result;
}

void take_over(Extension& extension) {
  const Old old;
  if (old.guest == nullptr) throw TemporaryError("its program has only begun to start");
  take_over_fd_base(old.table.fd_base);
  old.close_descriptors();
  set_extension(extension);
  plug(mapped_in_arena());  // first: what fails from here on leaves no hole
  start_trace();
  extension.begin();
  rlimit stack{};
  getrlimit(RLIMIT_STACK, &stack);
  state::begin(old.handed_on(), stack.rlim_cur);
  state::begin_as(old.start());
  set_host_path(old.host_path);
  set_host_options(old.options);
  set_guest_exe(old.program);
  start_donors(kUsualDonors);
  open_control();
  start_control();
  // Nothing fails any more.
  bind_guest_vdso();
  take_over_table();
  set_guest(old.guest);
  set_boot_clocks_ahead(old.clocks);
  __atomic_add_fetch(&old.guest->generation, 1, __ATOMIC_SEQ_CST);
}

void say_why(const char* why) noexcept {
  std::strncpy(CAIRN_TABLE->adoption_failure, why, sizeof CAIRN_TABLE->adoption_failure - 1);
}

}  // namespace

void adopt(Extension& extension) noexcept {
  std::uint32_t result = CAIRN_ADOPTION_FAILED;
  try {
    register_main_thread();
    keep_main_thread();
    take_over(extension);
    std::thread(serve_control).detach();
    result = CAIRN_ADOPTION_DONE;
  } catch (const std::exception& error) {
    say_why(error.what());
  }
  // From here on neither libc nor thread-local storage: the thread pointer is lent.
  store_and_wake(CAIRN_TABLE->adoption, result);
  if (result == CAIRN_ADOPTION_FAILED) raw_syscall(SYS_exit, 0);  // the next attempt would wait for it to stand
  const std::uint32_t never = 0;
  for (;;) raw_syscall(SYS_futex, address(&never), FUTEX_WAIT_PRIVATE, 0, 0);
}

}  // namespace cairn::host
