// SPDX-License-Identifier: Apache-2.0
#include "core/host/table.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "core/abi/system_v.hpp"
#include "core/abi/thread_pointer.h"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/engine/features.hpp"
#include "core/host/adoption.hpp"
#include "core/host/clocks.hpp"
#include "core/host/crossing.hpp"
#include "core/host/descriptor_turn.hpp"
#include "core/host/descriptors.hpp"
#include "core/host/entries.hpp"
#include "core/host/host.hpp"
#include "core/host/resident_memory.hpp"
#include "core/host/threads.hpp"
#include "core/host/trace.hpp"
#include "core/host/vdso.hpp"
#include "core/state/beginning.hpp"
#include "core/state/settings/sandbox.hpp"

namespace cairn::host {
namespace {

struct Process {
  Extension* extension = nullptr;
  cairn_guest* guest = nullptr;
  std::string host_path, host_options, guest_exe;
  int (*request_self)(const cairn_self_request*) = nullptr;
  pid_t pid = 0;
  std::uint64_t untold_before = 0;
  std::vector<cairn_system_v_object> system_v_before;
};
Process process;

// With the guest's thread pointer: no TLS, no libc.
void attach_guest(cairn_guest* guest) {
  __atomic_or_fetch(&guest->untold, process.untold_before, __ATOMIC_SEQ_CST);
  cairn_system_v& system_v = guest->system_v;
  for (const cairn_system_v_object& object : process.system_v_before) {
    if (system_v.used < CAIRN_SYSTEM_V_OBJECTS) system_v.objects[system_v.used++] = object;
    system_v.changed = 1;
  }
  set_guest(guest);
}
int host_fd(int fd) { return is_host_fd(fd) ? 1 : 0; }
void* find_symbol(const char* name) { return dlsym(RTLD_DEFAULT, name); }
void* find_service(const char* name, std::uint32_t version) { return process.extension->service(name, version); }
int request_self(const cairn_self_request* request) {
  return process.request_self != nullptr ? process.request_self(request) : -ENOSYS;
}
void fork_prepare() {
  turn_fork_prepare();
  memory_fork_prepare();
}
void fork_parent() {
  memory_fork_parent();
  turn_fork_parent();
}
void fork_child() {
  memory_fork_child();
  turn_fork_child();
  threads_after_fork();
  clocks_after_fork();
  control_after_fork();
  store(CAIRN_TABLE->standing, 0U);
  store(CAIRN_TABLE->adoption, static_cast<std::uint32_t>(CAIRN_ADOPTION_NONE));
  CAIRN_TABLE->copy_host_fs = cairn_own_fs();
  store(CAIRN_TABLE->copy, own_pid());
}

// With the thread pointer of this host, in a process that has another one by now.
std::uint64_t tell_start(std::uint8_t* bytes, std::uint64_t size) {
  const std::vector<std::uint8_t> told = state::told_start();
  std::memcpy(bytes, told.data(), std::min<std::size_t>(size, told.size()));
  return told.size();
}

// Older ones have not. Of one with another libc this host's finds a thread's number elsewhere than the guest's has it.
bool has_light_crossings(const cairn_guest& guest) noexcept {
  if (guest.size < offsetof(cairn_guest, light_place) + sizeof guest.light_place || guest.tid_offset <= 0) return false;
  const auto number = main_thread_fs() + static_cast<std::uint64_t>(guest.tid_offset);
  return *reinterpret_cast<const std::int32_t*>(number) == raw_syscall(SYS_getpid);
}

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& from, const char* what) {
  if (from.size() >= N) throw EnvironmentError(std::string(what) + " is too long: " + from);
  std::memcpy(to, from.c_str(), from.size() + 1);
}

void fill(cairn_table& table, std::uint64_t generation) {
  table.version = CAIRN_TABLE_VERSION;
  table.size = sizeof table;
  table.generation = generation;
  table.main_host_fs = main_thread_fs();
  table.host_guest_fs_offset = guest_fs_offset();
  copy_text(table.host_path, process.host_path, "the host's path");
  copy_text(table.guest_exe, process.guest_exe, "the program's path");
  copy_text(table.host_options, process.host_options, "the host's options");
  table.fd_base = fd_base();
  table.barrier_fd = -1;
  table.nofile_soft = table.nofile_hard = RLIM_INFINITY;
  table.soft_limit_is_guests = 1;
  table.filters = state::filters_at_start();
  table.borrow_fs = borrow_fs;
  table.try_borrow_fs = try_borrow_fs;
  table.return_fs = return_fs;
  table.attach_guest = attach_guest;
  table.is_host_fd = host_fd;
  table.dlsym = find_symbol;
  table.service = find_service;
  table.request_self = request_self;
  table.fork_prepare = fork_prepare;
  table.fork_parent = fork_parent;
  table.fork_child = fork_child;
  table.trace = trace;
  table.clock_ahead = [](std::int32_t clock) { return clock_ahead(clock); };
  table.usage_ahead = [](std::int32_t who, cairn_usage* usage) { *usage = usage_ahead(who); };
  table.is_host_thread = [](std::int32_t tid) { return is_host_thread(tid) ? 1 : 0; };
  table.ticks_ahead = [] { return boot_clocks_ahead().ticks; };
  table.thread_pointer_by_kernel = engine::fsgsbase() ? 0 : 1;
  table.next_host_fd = next_host_fd;
  table.adopt = begin_adoption;
  table.tell_start = tell_start;
  set_entries_by_kernel(table.thread_pointer_by_kernel != 0);
  show_crossing_in(table);
  table.magic = CAIRN_TABLE_MAGIC;
}

}  // namespace

void set_host_path(const std::string& path) { process.host_path = path; }
void set_host_options(const std::string& options) { process.host_options = options; }
void set_untold_before(std::uint64_t untold) noexcept { process.untold_before = untold; }
void set_system_v_before(const std::string& numbers) {
  constexpr std::size_t kOne = 20;  // characters
  for (std::size_t at = 0; at < numbers.size(); at += kOne) {
    const std::string_view one = std::string_view(numbers).substr(at, kOne);
    if (one.size() != kOne || one[1] != '.' || one[10] != '.' || one[19] != ',')
      throw ArgumentError("what is said of System V objects makes no sense: " + numbers);
    const auto number = [&](std::size_t from) { return static_cast<std::int32_t>(to_number(one.substr(from, 8), 16)); };
    process.system_v_before.push_back(
        {static_cast<std::uint32_t>(to_number(one.substr(0, 1), 16)), number(2), number(11), system_v_handed_on});
  }
}
void set_request_self(int (*function)(const cairn_self_request*)) noexcept { process.request_self = function; }
void set_extension(Extension& extension) noexcept {
  process.extension = &extension;
  process.pid = getpid();
}

cairn_guest* guest() noexcept { return process.guest; }
void set_guest(cairn_guest* guest) noexcept {
  process.guest = CAIRN_TABLE->guest = guest;
  set_stop_word(guest != nullptr ? &guest->stop_wanted : nullptr);
  const bool has_light = guest != nullptr && has_light_crossings(*guest);
  set_light_place(has_light ? guest->light_place : 0);
  if (guest != nullptr && !has_light) forbid_light_crossings();
}
Extension& extension() noexcept { return *process.extension; }
const std::string& guest_exe() noexcept { return process.guest_exe; }
void set_guest_exe(const std::string& path) { process.guest_exe = path; }
bool is_original_process() noexcept { return process.pid == own_pid(); }

void take_over_table() {
  cairn_table& table = *CAIRN_TABLE;
  const std::uint64_t soft = table.nofile_soft, hard = table.nofile_hard;
  fill(table, table.generation + 1);
  table.nofile_soft = soft;
  table.nofile_hard = hard;
  show_turns_in(table);
  store(table.copy, std::int32_t{0});
}

void build_fixed_area(std::uint64_t generation) {
  const int reserve = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  void* area = arena_mmap(reinterpret_cast<void*>(CAIRN_FIXED_BASE), CAIRN_FIXED_SIZE, PROT_NONE, reserve, -1, 0);
  void* page = area == MAP_FAILED ? area
                                  : arena_mmap(reinterpret_cast<void*>(CAIRN_TABLE_ADDR), CAIRN_PAGE_SIZE,
                                               PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (page == MAP_FAILED) throw EnvironmentError(with_errno("cannot map the host's table", errno));
  static_assert(sizeof(cairn_table) <= CAIRN_PAGE_SIZE);
  fill(*CAIRN_TABLE, generation);
  show_turns_in(*CAIRN_TABLE);
  build_guest_vdso();
  trace(CAIRN_TRACE_HOST_START, generation);
}

}  // namespace cairn::host
