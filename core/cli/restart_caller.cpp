// SPDX-License-Identifier: Apache-2.0
#include "core/cli/restart_caller.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/error.hpp"
#include "core/cli/announced.hpp"

namespace cairn::cli {

// Descriptor 2 stays the program's, which may have to be compared with what it was.
void RestartCaller::listen(restart::Options& asked) {
  if (asked.started < 0 || asked.messages < 0) return;
  started_.reset(std::exchange(asked.started, -1));
  fcntl(started_.get(), F_SETFD, FD_CLOEXEC);
  announcement_ = announced(ControlAddress::of_restart(getpid()));
  std::FILE* const messages = fdopen(asked.messages, "w");
  if (messages == nullptr) throw EnvironmentError(with_errno("messages", errno));
  setvbuf(messages, nullptr, _IONBF, 0);
  messages_ = asked.messages;
  standard_ = std::exchange(stderr, messages);
}

void RestartCaller::hand_over(restart::Options& host) const noexcept {
  host.started = started_.get();
  host.messages = messages_;
  fcntl(host.started, F_SETFD, 0);
}

void RestartCaller::hears_start(char how) noexcept {
  speak_aloud();
  announcement_.reset();
  if (started_) static_cast<void>(!write(started_.get(), &how, 1));
  started_.reset();
}

void RestartCaller::hears_failure(int code) noexcept {
  restart::Options caller;
  caller.started = started_.get();
  caller.messages = messages_;
  restart::tell_failed(caller, code);
}

void RestartCaller::speak_aloud() noexcept {
  if (standard_ == nullptr) return;
  fclose(std::exchange(stderr, std::exchange(standard_, nullptr)));
  messages_ = -1;
}

}  // namespace cairn::cli
