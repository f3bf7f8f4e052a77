// SPDX-License-Identifier: Apache-2.0
// Rebuilds a guest in a fresh host. Everything that can be refused is refused before anything is mapped.
#include "core/state/clocks/revive.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>

#include "core/abi/restart_options.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/host.hpp"
#include "core/host/startup.hpp"
#include "core/host/vdso.hpp"
#include "core/state/descriptors/revive.hpp"
#include "core/state/image.hpp"
#include "core/state/memory/revive.hpp"
#include "core/state/process/revive.hpp"
#include "core/state/signals/revive.hpp"
#include "core/state/threads/revive.hpp"

namespace cairn::host {
namespace {

constexpr double kRunSeconds = 60;
constexpr unsigned kSpareDonors = 4;

// From now on the process behaves as the guest's: no signal may reach a thread before it is whole.
void block_all_signals() noexcept {
  const std::uint64_t all = ~0ULL;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all), 0, sizeof all);
}

// The guest's table came from the file: its own pointers are checked before they are followed.
cairn_guest& find_guest(const state::Image& image) {
  auto& guest = *reinterpret_cast<cairn_guest*>(image.guest.address);
  const auto slots = reinterpret_cast<std::uint64_t>(guest.threads);
  const std::uint64_t bytes = static_cast<std::uint64_t>(guest.threads_max) * sizeof(cairn_thread);
  const auto& areas = image.reader.areas();
  const bool inside = std::any_of(areas.begin(), areas.end(), [&](const context::StoredArea& a) {
    return a.area.start <= slots && slots + bytes <= a.area.end;
  });
  const bool known_slots = std::all_of(image.threads.threads.begin(), image.threads.threads.end(),
                                       [&](const auto& t) { return t.slot < guest.threads_max; });
  if (guest.magic != CAIRN_GUEST_MAGIC || guest.version != CAIRN_GUEST_VERSION || !inside || !known_slots)
    throw PermanentError(image.reader.name() + ": the guest's table is damaged");
  return guest;
}

void hand_over_environment(cairn_guest& guest) {
  guest.revive_environment = guest.revive_environment_size = 0;
  const std::string entries = state::job_environment(guest_environment());
  if (entries.empty()) return;
  void* block = arena_mmap(nullptr, entries.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw EnvironmentError(with_errno("memory for the new environment", errno));
  std::memcpy(block, entries.data(), entries.size());
  guest.revive_environment = reinterpret_cast<std::uint64_t>(block);
  guest.revive_environment_size = entries.size();
}

// The guest stands as if its checkpoint had just been taken; only the result will be another.
void prepare_guest(cairn_guest& guest, const state::Image& image) {
  guest.stop_wanted = 0;
  guest.stopped = 0;
  guest.release = image.guest.epoch;
  guest.generation += 1;
  hand_over_environment(guest);
  set_guest(&guest);
}

// The end of the conversation, on a thread of the host while the guest's go on.
void let_go(cairn_guest& guest, std::uint32_t epoch, const restart::Options& options) {
  using std::chrono::milliseconds;
  store_and_wake(guest.revive_go, epoch);
  const Deadline deadline(kRunSeconds);
  for (std::uint32_t i = 0; i < guest.threads_max; ++i) {
    while (load(guest.threads[i].state) == CAIRN_THREAD_STOPPED && !deadline.passed())
      wait_while(guest.threads[i].state, CAIRN_THREAD_STOPPED, milliseconds(5));
  }
  if (load(guest.callback_ask) == epoch) {
    __atomic_store_n(&guest.callback_result, 1, __ATOMIC_SEQ_CST);
    store_and_wake(guest.callback_resume, epoch);
  }
  restart::tell_started(options);
}

void relocate(state::Image& image, const restart::Options& options) {
  image.process.directory = restart::relocated(options, image.process.directory);
  for (state::Description& description : image.files.descriptions)
    description.path = restart::relocated(options, description.path);
}

void report(const restart::Options& options, const state::Image& image, const state::Threads& threads) {
  if (options.verbose) {
    std::fprintf(stderr, "cr_restart: process %d goes on with %zu threads and %.1f MiB of saved memory\n", getpid(),
                 image.threads.threads.size(), static_cast<double>(image.reader.trailer().payload_raw) / (1 << 20));
  }
  if (!options.keep_numbers || threads.kept_numbers()) return;
  std::fprintf(stderr,
               "cr_restart: process %d goes on as %d; numbers of processes and threads could not be kept (that takes "
               "CAP_CHECKPOINT_RESTORE and free numbers)\n",
               image.process.pid, getpid());
}

void restore_kernel_state(const state::Image& image, state::Memory& memory, const state::ThreadNumbers& numbers) {
  state::restore_pending(image, numbers);
  state::restore_posix_timers(image, numbers);
  memory.lock();
  state::restore_limits(image);
  state::restore_interval_timers(image);
}

}  // namespace

void revive(const std::string& context_file, Extension& extension) {
  restart::Options options = restart::take_options();
  state::Image image = state::read_image(context_file);
  relocate(image, options);
  if (image.process.stopped && options.signals.empty()) options.signals.push_back(SIGSTOP);
  state::continue_clocks(image);
  state::check_machine(image);
  state::check_process(image);
  state::Memory memory(image, options);
  state::Files files(image);
  state::HeldNumbers held(image);
  memory.reserve();
  extension.before_revive(image.extension);

  const auto threads_wanted = static_cast<unsigned>(image.threads.threads.size());
  start_donors(threads_wanted + kSpareDonors);
  plug(memory.reserved());
  restore_stack_limit();
  set_guest_exe(image.process.program);
  build_fixed_area(image.guest.generation + 1);
  set_clock_offset(state::clock_offset(image));
  block_all_signals();
  memory.restore(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
  cairn_guest& guest = find_guest(image);
  state::restore_process(image);
  files.restore();
  state::restore_actions(image);
  prepare_guest(guest, image);
  start_control();
  extension.started();
  block_all_signals();  // again: making those threads, libc has let its own two signals through

  // Never destroyed: the threads read it until they run.
  static std::unique_ptr<state::Threads> threads;
  threads = std::make_unique<state::Threads>(image, guest);
  threads->create(held);
  restore_kernel_state(image, memory, threads->numbers());
  report(options, image, *threads);
  std::thread(let_go, std::ref(guest), image.guest.epoch, options).detach();
  cairn_continue_main(&threads->main());
}

}  // namespace cairn::host
