// SPDX-License-Identifier: Apache-2.0
// Finding the host, telling it about this guest, and giving each guest thread the host half of its thread.
// Ordinary code of the guest, except where it says otherwise.
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "core/base/deadline.hpp"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/spin_lock.hpp"
#include "core/guest/callbacks.hpp"
#include "core/guest/environment.hpp"
#include "core/guest/export.hpp"
#include "core/guest/fork.hpp"
#include "core/guest/host.hpp"
#include "core/guest/real.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/thread_state.hpp"
#include "core/guest/trampoline.hpp"
#include "core/guest/turn.hpp"
#include "core/guest/untold.hpp"

__attribute__((visibility("default"))) __thread volatile uint64_t cairn_host_fs = 0;
__attribute__((visibility("default"))) __thread volatile struct cairn_light cairn_light = {};
__attribute__((visibility("default"))) struct cairn_guest cairn_guest_self = {};

namespace cairn::guest {

__thread ThreadState state __attribute__((tls_model("initial-exec")));

namespace {

constexpr uint32_t kMaxThreads = 4096;
constexpr int64_t kOwnHostNanoseconds = 30'000'000'000;  // for a forked copy to have one

enum Hosted : int { kUnknown = 0, kYes = 1, kNo = 2 };
int hosted_state = kUnknown;
pthread_key_t end_of_thread;
bool end_of_thread_made = false;

// The kernel reads the mask before it looks at `how`: EFAULT tells that nothing is mapped there, EINVAL that
// something is. No descriptor, no fault.
bool readable(uint64_t at) {
  return raw_syscall(SYS_rt_sigprocmask, -1, static_cast<long>(at), 0, sizeof(uint64_t)) == -22;
}

bool find_host() {
  const cairn_table& t = table();
  return readable(CAIRN_TABLE_ADDR) && readable(CAIRN_TABLE_ADDR + sizeof(cairn_table) - sizeof(uint64_t)) &&
         t.magic == CAIRN_TABLE_MAGIC && t.version == CAIRN_TABLE_VERSION && t.size >= sizeof(cairn_table);
}

// Where libc keeps the tid in a thread's descriptor: libc says so to debuggers. Checked against the kernel.
int find_tid_offset() {
  struct Description {
    uint32_t bits, count, offset;
  };
  const uint64_t fs = cairn_read_fs();
  const int tid = own_tid();
  const auto* told = static_cast<const Description*>(dlvsym(RTLD_DEFAULT, "_thread_db_pthread_tid", "GLIBC_PRIVATE"));
  if (told != nullptr && told->bits == 32 && told->offset < 0x2000 &&
      *reinterpret_cast<const int*>(fs + told->offset) == tid) {
    return static_cast<int>(told->offset);
  }
  int found = 0, matches = 0;
  for (int at = 0x80; at < 0x700; at += 4) {
    if (*reinterpret_cast<const int*>(fs + static_cast<uint64_t>(at)) != tid) continue;
    if (matches++ == 0) found = at;
  }
  return matches == 1 ? found : 0;
}

void keep_host_fs(uint64_t host_fs, uint64_t guest_fs) {
  cairn_light.back_fs = guest_fs;
  cairn_light.own_address = reinterpret_cast<uint64_t>(&cairn_light);
  cairn_host_fs = host_fs;
  cairn_light.host_fs = host_fs;
}

// Of the host that is there now: a restart may come until the stop is put off.
void return_host_fs() {
  StopDeferred deferred;
  const uint64_t host_fs = cairn_host_fs;
  if (host_fs == 0 || host_fs == table().main_host_fs) return;
  forget_host_fs();
  *reinterpret_cast<uint64_t*>(host_fs + static_cast<uint64_t>(table().host_guest_fs_offset)) = 0;
  table().return_fs(host_fs);
}

void thread_ends(void*) {
  state.key_set = 0;
  dispatch_ends();
  return_host_fs();
  release_slot();
  end_turns();
  free_signal_callbacks();
}

uint32_t restarts = 0;

// Frozen-world code, on the main thread; see guest_abi.h.
void on_revive() {
  store(restarts, restarts + 1);
  forget_host_fs();
  install_stop_handler();
  offer_turns();
  apply_revive_environment();
}

// Private to libc, but its name and size are told.
void find_loader_data(cairn_guest& g) {
  void* const data = dlvsym(RTLD_DEFAULT, "_rtld_global", "GLIBC_PRIVATE");
  Dl_info info;
  void* entry = nullptr;
  if (data == nullptr || dladdr1(data, &info, &entry, RTLD_DL_SYMENT) == 0) return;
  if (entry == nullptr || info.dli_saddr != data) return;
  g.loader_data = reinterpret_cast<uint64_t>(data);
  g.loader_data_size = static_cast<uint32_t>(static_cast<const ElfW(Sym)*>(entry)->st_size);
}

void fill_guest() {
  cairn_guest& g = cairn_guest_self;
  const unsigned long size = kMaxThreads * sizeof(cairn_thread);
  const long slots = raw_syscall(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  g.magic = CAIRN_GUEST_MAGIC;
  g.version = CAIRN_GUEST_VERSION;
  g.size = sizeof g;
  g.tid_offset = find_tid_offset();
  g.threads = is_error(slots) ? nullptr : reinterpret_cast<cairn_thread*>(slots);
  g.threads_max = is_error(slots) ? 0 : kMaxThreads;
  find_loader_data(g);
  g.on_revive = on_revive;
  g.is_own_handler = is_own_handler;
  g.light_place = static_cast<int64_t>(reinterpret_cast<uint64_t>(&cairn_light) - cairn_read_fs());
}

// 0 in a forked copy whose host has no room for one more thread: it needs a host of its own first. A handler of the
// application may interrupt this and cross by itself: whoever finds cairn_host_fs set keeps it.
uint64_t attach_to_host() {
  cairn_table& t = table();
  StopDeferred deferred;
  const bool main_thread = own_tid() == own_pid();
  // A restart may bring an older host, whose table ends before.
  uint64_t (*const borrow)() = t.try_borrow_fs != nullptr ? t.try_borrow_fs : t.borrow_fs;
  uint64_t host_fs = main_thread ? t.main_host_fs : borrow();
  if (host_fs == 0) return 0;
  {
    AllSignalsBlocked blocked;
    if (cairn_host_fs != 0) {
      if (!main_thread) t.return_fs(host_fs);
      host_fs = cairn_host_fs;
    }
    const uint64_t guest_fs = cairn_read_fs();
    *reinterpret_cast<uint64_t*>(host_fs + static_cast<uint64_t>(t.host_guest_fs_offset)) = guest_fs;
    keep_host_fs(host_fs, guest_fs);
  }
  arm_end_of_thread();
  return host_fs;
}

[[noreturn]] void end_without_host() {
  static constexpr char kText[] =
      "cairn: a copy of a process has more threads than the host it was forked with, and cannot have another: ";
  const cairn_table& t = table();
  raw_syscall(SYS_write, STDERR_FILENO, address(kText), sizeof kText - 1);
  raw_syscall(SYS_write, STDERR_FILENO, address(t.adoption_failure), static_cast<long>(strlen(t.adoption_failure)));
  raw_syscall(SYS_write, STDERR_FILENO, address("\n"), 1);
  abort();
}

// A host that has this preloaded cannot look functions up yet.
__attribute__((constructor)) void attach(int /*argc*/, char** /*argv*/, char** environment) {
  if (!hosted()) return;
  real();
  fill_guest();
  note_first_environment(environment);
  end_of_thread_made = pthread_key_create(&end_of_thread, thread_ends) == 0;
  install_fork_handlers();
  install_stop_handler();
  offer_turns();
  table().attach_guest(&cairn_guest_self);
}

}  // namespace

bool hosted() {
  const int known = load(hosted_state);
  if (__builtin_expect(known != kUnknown, 1)) return known == kYes;
  const bool found = find_host();
  store(hosted_state, static_cast<int>(found ? kYes : kNo));
  return found;
}

uint32_t times_restarted() { return load(restarts); }

void forget_host_fs() {
  cairn_light.host_fs = 0;
  cairn_host_fs = 0;
}

void arm_end_of_thread() {
  if (state.key_set != 0 || !end_of_thread_made) return;
  state.key_set = 1;
  // libcr's key is among a thread's first ones, whose values lie in the descriptor itself: nothing is allocated.
  pthread_setspecific(end_of_thread, &state);
}

bool is_host_descriptor(int fd) {
  if (!hosted() || fd < table().fd_base) return false;
  StopDeferred deferred;
  return table().is_host_fd(fd) != 0;
}

}  // namespace cairn::guest

using cairn::guest::StopDeferred;

CAIRN_EXPORT int cairn_is_hosted(void) { return cairn::guest::hosted() ? 1 : 0; }

CAIRN_EXPORT uint64_t cairn_attach_thread(void) {
  const int64_t begin = cairn::monotonic_nanoseconds();
  for (;;) {
    if (const uint64_t host_fs = cairn::guest::attach_to_host(); host_fs != 0) return host_fs;
    if (cairn::guest::come_to_own_host()) continue;
    if (cairn::monotonic_nanoseconds() - begin > cairn::guest::kOwnHostNanoseconds) cairn::guest::end_without_host();
  }
}

CAIRN_EXPORT uint64_t cairn_enter_otherwise(void) {
  for (;;) {
    if (cairn_light.host_fs == 0) cairn_attach_thread();
    StopDeferred::begin();  // until `depth` says it
    cairn_light.depth = cairn_light.depth + 1;
    StopDeferred::end();
    if (cairn_light.host_fs != 0) break;
    cairn_light.depth = cairn_light.depth - 1;
  }
  cairn_table& t = cairn::guest::table();
  switch (t.crossing) {
    case CAIRN_CROSSING_LIGHT:
      return CAIRN_ENTERED_LIGHT;
    case CAIRN_CROSSING_CHECK: {
      const uint64_t guest = cairn_enter();
      const uint64_t stand_in = t.stand_in_begin(guest);
      cairn_leave(guest);
      cairn_light.back_fs = stand_in;
      cairn_write_fs(stand_in);
      return CAIRN_ENTERED_STANDING_IN;
    }
    default:
      cairn_light.depth = cairn_light.depth - 1;
      return cairn_enter();
  }
}

CAIRN_EXPORT void cairn_leave_stand_in(void) {
  cairn_write_fs(cairn_own_fs());
  const uint64_t guest = cairn_enter();
  cairn::guest::table().stand_in_end();
  cairn_leave(guest);
}

CAIRN_EXPORT void cairn_stop_here(void) { cairn::guest::stop_if_wanted(); }
