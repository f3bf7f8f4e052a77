// SPDX-License-Identifier: Apache-2.0
#include "core/group/stop.hpp"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/proc.hpp"
#include "core/base/queued_signal.hpp"
#include "core/group/member.hpp"
#include "core/guest/libcr.h"
#include "core/state/resident.hpp"

namespace cairn::group {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{5};         // the longest sleep between two looks at the list of threads
constexpr int kResend = 40;              // looks between two signals to the same thread
constexpr double kRunAgainSeconds = 10;  // for a released thread to report that it runs
constexpr double kPreviousSeconds = 5;   // for the callbacks of the previous checkpoint to end
constexpr double kDeafSeconds = 3;       // for a thread that hears no signal at all, or can be sent none

void store(std::int32_t& word, std::int32_t value) noexcept { __atomic_store_n(&word, value, __ATOMIC_SEQ_CST); }

// False if there is no room for another pending signal.
bool send_stop(int tid) noexcept { return raw_syscall(SYS_tgkill, getpid(), tid, CAIRN_STOP_SIGNAL) != -EAGAIN; }

// A thread that blocks a signal it was sent. In the signal's handler it is blocked as well, but not pending.
bool is_deaf_to(int signal, int tid) {
  const auto status = read_file("/proc/self/task/" + std::to_string(tid) + "/status");
  if (!status) return false;
  const std::uint64_t both = to_number(field(*status, "SigBlk"), 16) & to_number(field(*status, "SigPnd"), 16);
  return (both >> (signal - 1) & 1) != 0;
}

// One that libc has made for itself.
bool is_deaf(int tid) { return is_deaf_to(CAIRN_STOP_SIGNAL, tid); }

// One that has blocked all signals past libc.
bool hears_nothing(int tid) { return is_deaf(tid) && is_deaf_to(CAIRN_STOP_SIGNAL_DEAF, tid); }

void send_stop_to_deaf(int tid) noexcept { queue_signal_for_thread(tid, CAIRN_STOP_SIGNAL_DEAF, CAIRN_STOP_VALUE); }

bool main_thread_has_exited() {
  const auto fields = stat_fields("/proc/self/task/" + std::to_string(getpid()) + "/stat");
  return !fields.empty() && fields[0] == "Z";
}

// The callbacks do not want this checkpoint.
[[noreturn]] void throw_verdict(int verdict, const std::string& text) {
  const std::string why = text.empty() ? "" : ": " + text;
  if (verdict == CR_EOMITTED)
    throw Error(CAIRN_EXIT_TEMPORARY, "the program leaves itself out of checkpoints" + why, error_left_out);
  if (verdict == CR_EPERMFAIL) throw PermanentError("the program refuses to be checkpointed" + why);
  throw TemporaryError("the program cannot be checkpointed now" + why);
}

std::string callback_text(const cairn_guest& guest) {
  return std::string(guest.callback_message, strnlen(guest.callback_message, sizeof guest.callback_message));
}

}  // namespace

std::string describe_thread(int tid) {
  const std::string task = "/proc/self/task/" + std::to_string(tid) + "/";
  auto line = [&](const char* name) {
    std::string text = read_file(task + name).value_or("");
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  };
  const auto status = read_file(task + "status");
  if (!status) return "thread " + std::to_string(tid) + " (gone)";
  std::string text =
      "thread " + std::to_string(tid) + " (" + line("comm") + "): state " + std::string(field(*status, "State"));
  const std::string where = line("wchan"), call = line("syscall");
  if (!where.empty() && where != "0") text += ", in " + where;
  if (call == "running") {
    text += ", computing";
  } else if (!call.empty()) {
    text += ", system call " + call.substr(0, call.find(' '));
  }
  std::string stack = line("stack");
  std::replace(stack.begin(), stack.end(), '\n', ' ');
  if (!stack.empty()) text += ", kernel stack " + stack.substr(0, 300);
  return text;
}

Stop::Stop(cairn_guest& guest) : guest_(guest) {
  epoch_ = std::max({load(guest.release), load(guest.callback_ask), load(guest.callback_resume)}) + 1;
}

Stop::~Stop() { release(-CR_ETEMPFAIL); }

void Stop::run_callbacks(const Deadline& deadline, const std::function<bool()>& at_work) {
  const Deadline previous(std::min(kPreviousSeconds, deadline.left()));
  while (load(guest_.callback_ask) != load(guest_.callback_done)) {
    if (previous.passed()) throw TemporaryError("the callbacks of the previous checkpoint have not ended yet");
    wait_while(guest_.callback_done, load(guest_.callback_done), kPoll);
  }
  if (load(guest_.thread_callbacks) == 0) return;
  asked_ = true;
  store_and_wake(guest_.callback_ask, epoch_);
  for (std::uint32_t seen; (seen = load(guest_.callback_ready)) != epoch_;) {
    if (deadline.passed() && !(at_work && at_work())) {
      throw TemporaryError("the checkpoint callbacks of the program were not ready in time" +
                           std::string(load(guest_.cs_refused) ? ": a critical section is held" : ""));
    }
    wait_while(guest_.callback_ready, seen, milliseconds(100));
  }
  const std::int32_t verdict = load(guest_.callback_verdict);
  if (verdict == 0) return;
  const std::string text = callback_text(guest_);
  release(-std::abs(verdict));
  throw_verdict(verdict, text);
}

const cairn_thread* Stop::slot_of(int tid) const noexcept {
  for (std::uint32_t i = 0; i < guest_.threads_max; ++i) {
    const cairn_thread& slot = guest_.threads[i];
    if (load(slot.state) == CAIRN_THREAD_STOPPED && slot.tid == tid) return &slot;
  }
  return nullptr;
}

// True if every guest thread of the process stands. `threads` becomes those that do not.
bool Stop::all_standing(std::vector<int>& threads) const {
  threads = host::guest_threads();
  std::erase_if(threads, [&](int tid) { return slot_of(tid) != nullptr; });
  return threads.empty();
}

void Stop::stop(const Deadline& deadline, engine::NodeRequest* node) {
  node_ = node;
  store(CAIRN_TABLE->barrier_fd, node != nullptr ? node->fd() : -1);
  stop_threads(deadline);
  if (const std::int32_t verdict = load(guest_.stop_verdict); verdict != 0) {
    release(-std::abs(verdict));
    throw_verdict(std::abs(verdict), "a signal-context callback says so");
  }
  if (node != nullptr) {
    node->wait_complete(static_cast<unsigned>(host::guest_threads().size()), deadline.left());
  } else {
    wait_until_asleep(deadline);
  }
}

void Stop::stop_threads(const Deadline& deadline) {
  if (main_thread_has_exited())
    throw PermanentError("the program's main thread has ended while others go on; that cannot be saved yet");
  store(guest_.stop_result, 0);
  store(guest_.stop_verdict, 0);
  __atomic_store_n(&guest_.stopped, 0, __ATOMIC_SEQ_CST);
  stopped_ = true;
  store_and_wake(guest_.stop_wanted, epoch_);
  std::vector<int> signalled, moving;
  bool sent = true, unreachable = false;
  Deadline deaf(kDeafSeconds), no_room(kDeafSeconds);
  for (int look = 0;; ++look) {
    const std::uint32_t seen = load(guest_.stopped);
    if (all_standing(moving)) return;
    for (int tid : moving) {
      const bool known = std::find(signalled.begin(), signalled.end(), tid) != signalled.end();
      if (known && look % kResend == 2 && is_deaf(tid)) send_stop_to_deaf(tid);
      if (known && look % kResend != kResend - 1) continue;
      if (!known) signalled.push_back(tid);
      sent = send_stop(tid);
      if (sent) no_room = Deadline(kDeafSeconds);
    }
    if (look % kResend == kResend / 2) {
      if (std::none_of(moving.begin(), moving.end(), hears_nothing)) deaf = Deadline(kDeafSeconds);
      unreachable = deaf.passed();
    }
    if (unreachable || no_room.passed() || deadline.passed()) break;
    wait_while(guest_.stopped, seen, kPoll);
  }
  std::string names;
  for (int tid : moving) names += (names.empty() ? "" : "; ") + describe_thread(tid);
  const bool held = load(guest_.cs_refused) != 0;
  release(-CR_ETEMPFAIL);
  const char* const why = unreachable ? " (a thread blocks all signals, also those of libc)"
                          : held      ? " (a critical section is held)"
                          : !sent ? " (the limit of pending signals, ulimit -i, has no room for the one that stops it)"
                                  : "";
  throw TemporaryError(std::string("the program did not stop in time") + why + ": " + names);
}

// A thread that has said that it stands may still be on its way into its sleep, with its stack and words of libcr in
// use: what is being saved must not change any more.
void Stop::wait_until_asleep(const Deadline& deadline) const {
  for (int tid : host::guest_threads()) {
    const std::string path = "/proc/self/task/" + std::to_string(tid) + "/stat";
    for (;;) {
      const auto fields = stat_fields(path);
      if (fields.empty() || fields[0] != "R") break;
      if (deadline.passed()) throw TemporaryError("the program did not come to rest in time: " + describe_thread(tid));
      sched_yield();
    }
  }
}

void Stop::wait_until_running() const noexcept {
  const Deadline deadline(kRunAgainSeconds);
  for (std::uint32_t i = 0; i < guest_.threads_max; ++i) {
    while (load(guest_.threads[i].state) == CAIRN_THREAD_STOPPED && !deadline.passed())
      wait_while(guest_.threads[i].state, CAIRN_THREAD_STOPPED, kPoll);
  }
}

void Stop::release(int result) noexcept {
  if (stopped_) {
    store(guest_.stop_result, result);
    __atomic_store_n(&guest_.stop_wanted, 0, __ATOMIC_SEQ_CST);
    wake_all(guest_.stop_wanted);
    store(CAIRN_TABLE->barrier_fd, -1);
    store_and_wake(guest_.release, epoch_);
    if (node_ != nullptr) node_->release();
    wait_until_running();
    stopped_ = false;
  }
  if (asked_) {
    store(guest_.callback_result, result);
    store_and_wake(guest_.callback_resume, epoch_);
    asked_ = false;
  }
}

}  // namespace cairn::group
