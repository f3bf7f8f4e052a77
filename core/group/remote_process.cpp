// SPDX-License-Identifier: Apache-2.0
#include "core/group/remote_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/abi/forked_copy.hpp"
#include "core/abi/stopped_process.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn::group {
namespace {

constexpr double kSilence = 30;  // of a process that says twice a second how far it is
constexpr double kLook = 60;     // for a program to be looked at
constexpr double kGrace = 10;    // beyond the time that it has: it knows better why it fails
constexpr double kSettle = 5;
constexpr double kLongest = 24 * 3600;  // as of a disk that hangs

// '?': it is gone.
char state_of(pid_t pid) noexcept {
  try {
    return stat_fields("/proc/" + std::to_string(pid) + "/stat").front().front();
  } catch (const std::exception&) {
    return '?';
  }
}

// Of one that is stopped the kernel shows the signal as its exit code, until its parent has waited for it. Older ones
// than Linux 5.17 show none ever.
bool parent_knows_stop(pid_t pid) noexcept {
  constexpr std::size_t kExitCode = 52 - 3;
  int major = 0, minor = 0;
  utsname system{};
  if (uname(&system) != 0 || sscanf(system.release, "%d.%d", &major, &minor) != 2) return false;
  if (major < 5 || (major == 5 && minor < 17)) return false;
  try {
    const auto fields = stat_fields("/proc/" + std::to_string(pid) + "/stat");
    return fields.size() > kExitCode && fields[0] == "T" && to_number(fields[kExitCode]) == 0;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

RemoteProcess::RemoteProcess(pid_t pid, const std::string& name, const Wanted& wanted)
    : pid_(pid),
      program_(name),
      standard_(wanted.standard),
      scope_(flags_of_scope(scope_of_flags(wanted.request.flags))),
      was_stopped_(state_of(pid) == 'T') {
  stop_is_known_ = was_stopped_ && parent_knows_stop(pid);
  const bool woken = connect();
  cairn_control_request request = wanted.request;
  request.command = CAIRN_CONTROL_CHECKPOINT;
  request.flags = (request.flags & CAIRN_CONTROL_OBJECTS_ABOVE) | CAIRN_CONTROL_MEMBER |
                  (was_stopped_ ? CAIRN_CONTROL_WAS_STOPPED : 0);
  // Opened for it alone: what two processes have in common is looked at later.
  const UniqueFd directory(openat(wanted.directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw EnvironmentError(with_errno("the directory of the group", errno));
  client_->send(request, directory.get());
  if (was_stopped_ && !woken) wake_for_checkpoint(pid);
}

// A stopped copy that fork made is woken before, so that it can come to a host; true then.
bool RemoteProcess::connect() {
  const bool wake = was_stopped_ && is_forked_copy(pid_);
  if (wake) wake_for_checkpoint(pid_);
  try {
    client_.emplace(pid_);
  } catch (...) {
    if (wake) kill(pid_, SIGSTOP);
    throw;
  }
  return wake;
}

std::string RemoteProcess::name() const { return "process " + std::to_string(pid_) + " (" + program_ + ")"; }

bool RemoteProcess::is_gone() const noexcept { return left_out_ || has_ended(pid_); }

void RemoteProcess::order(std::uint32_t step, double seconds, int failure, int signal, int descriptor) {
  if (!client_) return;
  cairn_control_order order;
  order.step = step;
  order.seconds = std::clamp(seconds, 0.0, kLongest);
  order.failure = failure;
  order.signal = signal;
  order.leader = getpid();
  order.scope = scope_;
  std::copy(standard_.begin(), standard_.end(), order.standard);
  client_->send(order, descriptor);  // where it has ended, await() finds that
}

cairn_control_reply RemoteProcess::await(std::uint32_t state, double seconds) const {
  if (!client_) throw TemporaryError("it has been given up");
  const Deadline end(std::min(seconds, kLongest));
  for (Deadline silence(kSilence);;) {
    const auto reply = client_->receive(std::min(end.left(), silence.left()));
    if (!reply && (end.passed() || silence.passed())) throw TemporaryError("it does not answer in time");
    if (!reply) continue;
    silence = Deadline(kSilence);
    bytes_.store(std::max(bytes_.load(), reply->statistics.bytes));
    if (reply->state == state) return *reply;
    if (reply->state == CAIRN_CONTROL_DONE)
      throw Error(reply->code != CAIRN_EXIT_OK ? reply->code : CAIRN_EXIT_TEMPORARY, reply->text, reply->error);
  }
}

void RemoteProcess::begin_look() { order(CAIRN_CONTROL_LOOK, kLook); }

std::optional<Error> RemoteProcess::obstacle() const {
  try {
    await(CAIRN_CONTROL_LOOKED, kLook);
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

void RemoteProcess::begin_stand(const Request& request) { order(CAIRN_CONTROL_STAND, request.parameters.timeout); }
void RemoteProcess::stand(const Request& request) {
  try {
    await(CAIRN_CONTROL_STANDS, request.parameters.timeout + kGrace);
    stands_ = true;
  } catch (const Error& error) {
    left_out_ = error.number() == error_left_out;
    throw;
  }
}

void RemoteProcess::begin_save(const Request& /*request*/) {
  if (state::group_sharing() == nullptr) throw TemporaryError("what the processes have in common is not known");
  order(CAIRN_CONTROL_SAVE, 0, 0, 0, state::group_scope()->message);
}
void RemoteProcess::save(const Request& /*request*/) { await(CAIRN_CONTROL_SAVED, kLongest); }

void RemoteProcess::release(int failure, int signal) {
  order(CAIRN_CONTROL_RELEASE, 0, failure, signal);
  stands_ = false;
}

void RemoteProcess::begin_finish(double seconds) { order(CAIRN_CONTROL_FINISH, seconds); }
CheckpointStatistics RemoteProcess::finish(double seconds) {
  return await(CAIRN_CONTROL_FINISHED, seconds + kGrace).statistics;
}

void RemoteProcess::abandon() noexcept {
  if (client_) client_->give_up();
  stands_ = false;
}

void RemoteProcess::settle() noexcept {
  if (!client_) return;
  try {
    // With its last word it has read all of ours; one that is stopped again after that does not close its end.
    for (const Deadline end(kSettle); !end.passed();) {
      if (const auto reply = client_->receive(end.left()); reply && reply->state == CAIRN_CONTROL_DONE) break;
    }
  } catch (const std::exception&) {  // it has closed its end
  }
  client_.reset();
}

}  // namespace cairn::group
