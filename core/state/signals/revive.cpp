// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/image.hpp"
#include "core/state/process/state.hpp"
#include "core/state/signals/kind.hpp"
#include "core/state/signals/start.hpp"

namespace cairn::state {
namespace {

void restore_actions(const SignalsState& signals) {
  for (int number = 1; number <= signal_count; ++number) {
    if (number == SIGKILL || number == SIGSTOP) continue;
    const Action& saved = signals.actions[static_cast<std::size_t>(number - 1)];
    if ((signals.inherited >> (number - 1) & 1) != 0) continue;
    if (saved.handler == 0 && (number == 32 || number == 33)) continue;  // this host's libc may have its own
    const std::uint64_t words[4] = {saved.handler, saved.flags, saved.restorer, saved.mask};
    const long result = raw_syscall(SYS_rt_sigaction, number, reinterpret_cast<long>(words), 0, 8);
    if (is_error(result)) throw EnvironmentError(with_errno("signal " + std::to_string(number), -result));
  }
}

// What only the kernel could say of a child that has ended is found by asking for that child.
bool send_end_of_child() {
  siginfo_t info{};
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return false;
  return !is_error(raw_syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, address(&info)));
}

// Does it say which process has sent it? What has come with a timer or a file says something else there.
bool says_who_sent(const siginfo_t& info) {
  return info.si_code == SI_QUEUE || info.si_code == SI_USER || info.si_code == SI_TKILL || info.si_code == SI_MESGQ;
}

pid_t number_of_sender(const Restart& restart, pid_t saved) {
  if (saved == restart.image.get<ProcessState>().pid) return getpid();
  const auto& all = restart.options.numbers;
  const auto known = std::find_if(all.begin(), all.end(), [=](const auto& number) { return number.first == saved; });
  return known != all.end() ? known->second : saved;
}

// As it was queued, by the number that its sender has now.
long queue_again(const Pending& pending, const Restart& restart) {
  siginfo_t info{};
  static_assert(sizeof info == sizeof pending.info);
  std::memcpy(&info, pending.info.data(), sizeof info);
  if (says_who_sent(info)) info.si_pid = number_of_sender(restart, info.si_pid);
  return raw_syscall(SYS_rt_sigqueueinfo, getpid(), pending.number, address(&info));
}

long send_again(const Pending& pending, const Restart& restart) {
  const int tid = pending.tid == 0 ? 0 : current_number(restart.numbers, pending.tid);
  if (tid != 0) return raw_syscall(SYS_tgkill, getpid(), tid, pending.number);
  if (pending.has_info) return queue_again(pending, restart);
  if (pending.number == SIGCHLD && send_end_of_child()) return 0;
  return raw_syscall(SYS_kill, getpid(), pending.number);
}

void restore_pending(const SignalsState& signals, const Restart& restart) {
  for (const Pending& pending : signals.pending) {
    if (const long result = send_again(pending, restart); result == -EAGAIN)
      throw EnvironmentError("not all " + std::to_string(signals.pending.size()) +
                             " signals that waited for the program can wait here: raise the limit (ulimit -i)");
  }
}

class SignalsReviver : public Reviver {
 public:
  explicit SignalsReviver(Restart& restart) : restart_(restart) {}
  void restore(Stage stage) override {
    const auto& signals = restart_.image.get<SignalsState>();
    if (stage == Stage::actions) {
      restore_actions(signals);
      note_inherited_signals(signals.inherited);
    }
    if (stage == Stage::pending) restore_pending(signals, restart_);
  }

 private:
  Restart& restart_;
};

}  // namespace

// Version 1 did not say what was inherited: nothing.
void read_signals(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t version) {
  std::vector<std::uint8_t> whole(bytes.begin(), bytes.end());
  if (version == 1) whole.insert(whole.end(), sizeof(std::uint64_t), 0);
  image.keep(decode<SignalsState>(whole, SignalsState::section_name));
}

void check_signals(const Image& image) {
  const auto& signals = image.get<SignalsState>();
  for (const Pending& pending : signals.pending) {
    if (pending.number < 1 || pending.number > signal_count)
      image.contradiction("pending signal " + std::to_string(pending.number) + " does not exist");
  }
  for (const Action& action : signals.actions) {
    if (action.handler > 1 && !image.is_stored(action.handler, 1))
      image.contradiction("a signal handler is outside the program");
  }
}

std::unique_ptr<Reviver> prepare_signals(Restart& restart) { return std::make_unique<SignalsReviver>(restart); }

}  // namespace cairn::state
