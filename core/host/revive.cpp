// SPDX-License-Identifier: Apache-2.0
// Rebuilds a guest in a fresh host. Everything that can be refused is refused before anything is mapped.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>

#include "core/abi/held_signals.hpp"
#include "core/abi/restart_options.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/text.hpp"
#include "core/base/unique_fd.hpp"
#include "core/context/group_index.hpp"
#include "core/group/group_start.hpp"
#include "core/host/clocks.hpp"
#include "core/host/descriptors.hpp"
#include "core/host/host.hpp"
#include "core/host/startup.hpp"
#include "core/state/extension/state.hpp"
#include "core/state/guest/state.hpp"
#include "core/state/image.hpp"
#include "core/state/kinds.hpp"
#include "core/state/made.hpp"
#include "core/state/own_image.hpp"
#include "core/state/process/new_environment.hpp"
#include "core/state/process/state.hpp"
#include "core/state/threads/resume.hpp"

namespace cairn::host {
namespace {

constexpr double kRunSeconds = 60;

// From now on the process behaves as the guest's: no signal may reach a thread before it is whole.
void block_all_signals() noexcept {
  const std::uint64_t all = ~0ULL;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&all), 0, sizeof all);
}

void hand_over_environment(cairn_guest& guest, const std::vector<std::string>& environment,
                           const restart::Options& options) {
  guest.revive_environment = guest.revive_environment_size = 0;
  const std::string entries = state::new_environment(environment, options);
  if (entries.empty()) return;
  void* block = arena_mmap(nullptr, entries.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) throw EnvironmentError(with_errno("memory for the new environment", errno));
  std::memcpy(block, entries.data(), entries.size());
  guest.revive_environment = reinterpret_cast<std::uint64_t>(block);
  guest.revive_environment_size = entries.size();
}

restart::Options with_places(const state::Image& image, restart::Options options, Extension& extension) {
  extension.find_places(image.get<state::ExtensionState>().bytes, options);
  return options;
}

// Everything that the restart needs; never destroyed, since the guest's threads read it until they run.
struct Work {
  Work(const std::string& context_file, restart::Options wanted, std::unique_ptr<group::GroupStart> tree,
       Extension& extension, UniqueFd& said_to)
      : others(std::move(tree)),
        image(state::read_own_image(context::Reader::open(context_file), wanted)),
        options(with_places(image, std::move(wanted), extension)),
        restart{image, options},
        messages(said_to),
        revival(restart) {}
  std::unique_ptr<group::GroupStart> others;  // of which this process is the first; null: there are none
  const std::vector<std::string> environment = guest_environment();  // before the host sets more for its libraries
  state::Image image;
  restart::Options options;
  state::Restart restart;
  UniqueFd& messages;
  state::Revival revival;
  std::uint32_t ready = 0;  // futex: the guest's threads are as they were
};

// The guest stands as if its checkpoint had just been taken; only the result will be another.
void prepare_guest(cairn_guest& guest, const Work& work) {
  guest.stop_wanted = 0;
  guest.stopped = 0;
  guest.release = work.image.get<state::GuestState>().epoch;
  guest.generation += 1;
  hand_over_environment(guest, work.environment, work.options);
  set_guest(&guest);
}

// None of its tree goes on before all are whole: those of the other processes wait for this one.
void await_tree(Work& work) {
  if (!work.others) return;
  if (const auto missing = work.others->all_whole()) {
    dprintf(work.messages.get(), "cairn: %s, of the tree of process %d, could not be brought back\n",
            printable(*missing).c_str(), getpid());
    state::remove_made();
    _exit(CAIRN_EXIT_TEMPORARY);
  }
  work.others->let_others_go();
  work.others.reset();
}

// Whoever listened to the restart shares nothing with the program from now on.
void tell_started(Work& work, const restart::Options& options) {
  work.messages.reset();
  restart::tell_started(options, work.restart.starter_changed);
}

// One that was stopped is so before any thread of its program runs again; who wakes it lets them go.
void stay_stopped(Work& work) {
  auto& signals = work.options.signals;
  if (std::find(signals.begin(), signals.end(), SIGSTOP) == signals.end()) return;
  tell_started(work, work.options);
  work.options.started = -1;
  signals.clear();
}

// The end of the conversation, on a thread of the host while the guest's go on. Then it takes their checkpoints.
[[noreturn]] void let_go(Work& work, cairn_guest& guest) {
  using std::chrono::milliseconds;
  while (load(work.ready) == 0) wait_while(work.ready, 0);
  if (!restart::await_others(work.options)) {
    state::remove_made();
    _exit(CAIRN_EXIT_TEMPORARY);
  }
  await_tree(work);
  work.revival.restore(state::Stage::go);
  state::keep_made();
  stay_stopped(work);
  StandingProcessorClock clock;
  const std::uint32_t epoch = work.image.get<state::GuestState>().epoch;
  store_and_wake(guest.revive_go, epoch);
  const Deadline deadline(kRunSeconds);
  for (std::uint32_t i = 0; i < guest.threads_max; ++i) {
    while (load(guest.threads[i].state) == CAIRN_THREAD_STOPPED && !deadline.passed())
      wait_while(guest.threads[i].state, CAIRN_THREAD_STOPPED, milliseconds(5));
  }
  clock.threads_go_on();
  if (load(guest.callback_ask) == epoch) {
    __atomic_store_n(&guest.callback_result, 1, __ATOMIC_SEQ_CST);
    store_and_wake(guest.callback_resume, epoch);
  }
  restart::Options options = work.options;
  options.signals.insert(options.signals.begin(), work.restart.signals.begin(), work.restart.signals.end());
  tell_started(work, options);
  clock.go_on();
  serve_control();
}

// `messages`: what was standard error before the program's descriptors were made.
void report(const state::Restart& restart, int messages) {
  const char* const who = restart.options.speaker.c_str();
  const bool kept = std::all_of(restart.numbers.begin(), restart.numbers.end(),
                                [](const auto& number) { return number.first == number.second; });
  for (const std::string& note : restart.notes) dprintf(messages, "%s: %s\n", who, printable(note).c_str());
  if (restart.options.verbose) {
    dprintf(messages, "%s: process %d goes on with %zu threads and %.1f MiB of saved memory\n", who, getpid(),
            restart.numbers.size(), static_cast<double>(restart.image.reader().trailer().payload_raw) / (1 << 20));
  }
  if (!restart.options.keep_numbers || kept) return;
  dprintf(messages,
          "%s: process %d goes on as %d; numbers of processes and threads could not be kept (that takes "
          "CAP_CHECKPOINT_RESTORE and free numbers)\n",
          who, restart.image.get<state::ProcessState>().pid, getpid());
}

// The host as it is at the first start, around the addresses that the guest will take.
void complete_host(const Work& work) {
  start_donors(kUsualDonors);
  plug(work.restart.reserved);
  restore_stack_limit();
  set_guest_exe(work.image.get<state::ProcessState>().program);
  build_fixed_area(work.image.get<state::GuestState>().generation + 1);
}

// Those that are saved beside the file. One that somebody else starts together with others is not the first of any.
std::unique_ptr<group::GroupStart> start_tree(const std::string& context_file, restart::Options& options,
                                              Extension& extension) {
  if (options.together || !context_file.ends_with(context::group_file_suffix)) return nullptr;
  const std::string directory = context::group_beside(context_file);
  if (!context::is_group(directory)) return nullptr;
  const state::Image image = state::read_own_image(context::Reader::open(context_file), options);
  options = with_places(image, std::move(options), extension);
  const std::string own = own_path();
  const std::string plain = own.substr(0, own.rfind('/') + 1) + "cairn-host";
  auto tree = std::make_unique<group::GroupStart>(directory, options, group::GroupStart::Hosts{plain, own},
                                                  !options.new_numbers);
  options = tree->become_first_here();
  for (const std::string& note : tree->notes())
    dprintf(STDERR_FILENO, "%s: %s\n", options.speaker.c_str(), printable(note).c_str());
  return tree;
}

[[noreturn]] void rebuild(const std::string& context_file, restart::Options wanted, Extension& extension,
                          UniqueFd& messages) {
  using state::Stage;
  static std::unique_ptr<Work> work;
  std::optional<AnyNumber> any_number(std::in_place);
  auto others = start_tree(context_file, wanted, extension);
  work = std::make_unique<Work>(context_file, std::move(wanted), std::move(others), extension, messages);
  state::Revival& revival = work->revival;
  auto& options = work->options;
  if (work->image.get<state::ProcessState>().stopped && options.signals.empty()) options.signals.push_back(SIGSTOP);
  for (Stage stage : {Stage::early, Stage::check, Stage::files, Stage::open, Stage::reserve}) revival.restore(stage);
  any_number.reset();
  extension.before_revive(work->image.get<state::ExtensionState>().bytes, options);
  complete_host(*work);
  block_all_signals();
  for (Stage stage : {Stage::memory, Stage::guest, Stage::process, Stage::descriptors, Stage::actions})
    revival.restore(stage);
  cairn_guest& guest = *work->restart.guest;
  prepare_guest(guest, *work);
  start_control();
  extension.started();
  block_all_signals();  // again: making those threads, libc has let its own two signals through
  for (Stage stage : {Stage::threads, Stage::pending, Stage::timers, Stage::locks}) revival.restore(stage);
  std::thread(let_go, std::ref(*work), std::ref(guest)).detach();  // while the process may still make threads
  block_all_signals();                                             // that has let them through again
  for (Stage stage : {Stage::limits, Stage::last, Stage::own_calls}) revival.restore(stage);
  report(work->restart, work->messages.get());
  store_and_wake(work->ready, 1);
  cairn_continue_main(work->restart.main_thread);
}

}  // namespace

void revive(const std::string& context_file, Extension& extension) {
  static UniqueFd messages;  // as long as Work
  restart::hold_signals();
  restart::Options wanted = restart::take_options();
  if (const std::string speaker = extension.speaker(); !speaker.empty()) wanted.speaker = speaker;
  messages.reset(wanted.messages >= 0 ? wanted.messages : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  const restart::Options asked = wanted;
  try {
    rebuild(context_file, std::move(wanted), extension, messages);
  } catch (const std::exception& error) {
    if (asked.messages < 0) throw;
    state::remove_made();
    dprintf(messages.get(), "cr_restart: %s\n", printable_lines(error.what()).c_str());
    restart::tell_failed(asked, code_of(error));
    _exit(code_of(error));
  }
}

}  // namespace cairn::host
