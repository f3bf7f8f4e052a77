// SPDX-License-Identifier: Apache-2.0
// A checkpoint of this process as one of a group that another process leads (docs/groups.md). Part of ControlJob; runs
// on the worker thread of control.cpp.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/host/control_job.hpp"
#include "core/host/leader.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/process/kind.hpp"

namespace cairn::host {
namespace {

constexpr double kGrace = 60;           // beyond the time that programs have to stand
constexpr double kLongest = 24 * 3600;  // for others to write their memory

// What is different in a group, for the time of one checkpoint.
class InGroup {
 public:
  explicit InGroup(const cairn_control_order& order) {
    state::StandardFiles files;
    for (std::size_t i = 0; i < files.size(); ++i) files[i] = order.standard[i];
    state::bind_standard_files(&files);
  }
  ~InGroup() { state::bind_standard_files(nullptr); }
  InGroup(const InGroup&) = delete;
  InGroup& operator=(const InGroup&) = delete;

 private:
  const state::ChildrenAllowed children_;
};

cairn_control_order expect(const Leader& leader, std::uint32_t step, double seconds) {
  const cairn_control_order order = leader.next(seconds);
  if (order.step != step) throw TemporaryError("the leader of the group asks for what is not to be done now");
  return order;
}

}  // namespace

cairn_control_order next_order(int socket, double seconds) {
  const std::string gone = "the process that leads the checkpoint has given it up";
  for (const Deadline end(seconds); !end.passed();) {
    pollfd ready{socket, POLLIN | POLLRDHUP, 0};
    if (poll(&ready, 1, end.milliseconds()) <= 0) continue;
    cairn_control_order order;
    const ssize_t n = recv(socket, &order, sizeof order, MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || (errno == EAGAIN && (ready.revents & (POLLRDHUP | POLLHUP)) == 0))) continue;
    if (n <= 0) throw TemporaryError(gone);
    if (cairn_control_understands(order, static_cast<std::size_t>(n))) return order;
    throw EnvironmentError("the process that leads the checkpoint is of another version");
  }
  throw TemporaryError("the process that leads the checkpoint does not go on with it");
}

void ControlJob::follow() {
  const InGroup in_group(expect(*leader_, CAIRN_CONTROL_LOOK, kGrace));
  target_.emplace(request_, std::move(descriptor_));
  group::Request request = request_of_group();
  if (const auto obstacle = group_.obstacle()) throw Error(*obstacle);
  leader_->tell(make_reply(CAIRN_CONTROL_LOOKED));
  request.parameters.timeout = expect(*leader_, CAIRN_CONTROL_STAND, request.parameters.timeout + kGrace).seconds;
  request.looked = true;
  state_.store(CAIRN_CONTROL_STOPPING);
  group_.stand(request);
  leader_->tell(make_reply(CAIRN_CONTROL_STANDS));
  expect(*leader_, CAIRN_CONTROL_SAVE, request.parameters.timeout + kGrace);
  state_.store(CAIRN_CONTROL_SAVING);
  group_.save_standing(request);
  leader_->tell(make_reply(CAIRN_CONTROL_SAVED));
  follow_to_the_end();
}

// The program is let go before its file is whole, or after.
void ControlJob::follow_to_the_end() {
  for (bool released = false, finished = false; !released || !finished;) {
    const cairn_control_order order = leader_->next(kLongest);
    if (order.step == CAIRN_CONTROL_RELEASE && !released) {
      if (was_stopped() && order.signal != SIGCONT) kill(getpid(), SIGSTOP);
      group_.release(order.failure, order.signal);
      state_.store(CAIRN_CONTROL_WRITING);
      released = true;
    } else if (order.step == CAIRN_CONTROL_FINISH && !finished) {
      cairn_control_reply reply = make_reply(CAIRN_CONTROL_FINISHED);
      reply.statistics = group_.finish(kLongest).front();
      target_->commit();
      leader_->tell(reply);
      finished = true;
    } else {
      throw TemporaryError("the leader of the group asks for what is not to be done now");
    }
  }
  answer(make_reply(CAIRN_CONTROL_DONE));
}

}  // namespace cairn::host
