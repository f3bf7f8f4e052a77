// SPDX-License-Identifier: Apache-2.0
#include "core/host/control_job.hpp"

#include <signal.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/host/host.hpp"

namespace cairn::host {
namespace {

constexpr double kDefaultTimeout = 60;
constexpr double kWriteTimeout = 24 * 3600;  // a hung disk, not a slow one

group::Request to_request(const cairn_control_request& control, const ControlTarget& target) {
  group::Request request;
  request.path = target.path();
  request.fd = target.fd();
  request.parameters = control.parameters;
  if (!(request.parameters.timeout > 0)) request.parameters.timeout = kDefaultTimeout;
  request.was_stopped = (control.flags & CAIRN_CONTROL_WAS_STOPPED) != 0;
  return request;
}

cairn_control_reply success(const CheckpointStatistics& statistics) {
  cairn_control_reply reply = make_reply(CAIRN_CONTROL_DONE, CAIRN_EXIT_OK, std::string(statistics.fork_reason.view()));
  reply.statistics = statistics;
  return reply;
}

}  // namespace

cairn_control_reply make_reply(std::uint32_t state, int code, const std::string& text) {
  cairn_control_reply reply{};
  reply.state = state;
  reply.code = code;
  text.copy(reply.text, sizeof reply.text - 1);
  return reply;
}

ControlJob::ControlJob(const cairn_control_request& request, UniqueFd descriptor, Answer answer)
    : request_(request), descriptor_(std::move(descriptor)), answer_(std::move(answer)) {}

bool ControlJob::was_stopped() const noexcept { return (request_.flags & CAIRN_CONTROL_WAS_STOPPED) != 0; }

void ControlJob::cancel() noexcept { cancelled_.store(true); }

cairn_control_reply ControlJob::progress() const {
  cairn_control_reply reply = make_reply(state_.load());
  reply.statistics.bytes = group_.bytes_so_far();
  return reply;
}

void ControlJob::check_cancelled() const {
  if (cancelled_.load()) throw TemporaryError("the request was withdrawn");
}

void ControlJob::answer(const cairn_control_reply& reply) {
  answered_.store(true);
  answer_(reply);
}

void ControlJob::run() noexcept {
  cairn_control_reply reply{};
  try {
    take();
    return;
  } catch (const Error& error) {
    reply = make_reply(CAIRN_CONTROL_DONE, error.code(), error.what());
  } catch (const std::exception& error) {
    reply = make_reply(CAIRN_CONTROL_DONE, CAIRN_EXIT_PERMANENT, std::string("internal error: ") + error.what());
  }
  group_.abandon();
  target_.reset();
  answer(reply);
}

void ControlJob::take() {
  if (const std::string why = extension().refuses_single_checkpoint(); !why.empty()) throw TemporaryError(why);
  target_.emplace(request_, std::move(descriptor_));
  state_.store(CAIRN_CONTROL_STOPPING);
  check_cancelled();
  group_.save(to_request(request_, *target_));
  check_cancelled();
  const bool goes_on = request_.signal == 0 && !was_stopped();
  state_.store(goes_on ? CAIRN_CONTROL_WRITING : CAIRN_CONTROL_SAVING);
  if (goes_on) group_.release(0);
  const CheckpointStatistics statistics = group_.finish(kWriteTimeout).front();
  check_cancelled();
  target_->commit();
  answer(success(statistics));
  state_.store(CAIRN_CONTROL_DONE);
  if (!goes_on) end_with_signal();
}

// The signal is there before any thread of the program runs again, so the image is the last it has done.
void ControlJob::end_with_signal() {
  if (request_.signal != 0) kill(getpid(), request_.signal);
  if (was_stopped() && request_.signal != SIGCONT) kill(getpid(), SIGSTOP);
  group_.release(0);
}

}  // namespace cairn::host
