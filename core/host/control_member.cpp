// SPDX-License-Identifier: Apache-2.0
// A checkpoint of this process as one of a group that another process leads (docs/groups.md). Part of ControlJob; runs
// on the worker thread of control.cpp.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>

#include "core/base/deadline.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"
#include "core/group/sharing_message.hpp"
#include "core/host/control_job.hpp"
#include "core/host/leader.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/process/kind.hpp"

namespace cairn::host {
namespace {

constexpr double kGrace = 60;           // beyond the time that programs have to stand
constexpr double kLongest = 24 * 3600;  // for others to write their memory

state::GroupScope scope_of(const cairn_control_order& order) {
  state::GroupScope scope;
  scope.leader = order.leader;
  scope.scope = scope_of_flags(order.scope);
  for (std::size_t i = 0; i < scope.standard.size(); ++i) scope.standard[i] = order.standard[i];
  return scope;
}

Told expect(const Leader& leader, std::uint32_t step, double seconds) {
  Told told = leader.next(seconds);
  if (told.step != step) throw TemporaryError("the leader of the group asks for what is not to be done now");
  return told;
}

}  // namespace

Told next_order(int socket, double seconds) {
  const std::string gone = "the process that leads the checkpoint has given it up";
  for (const Deadline end(seconds); !end.passed();) {
    pollfd ready{socket, POLLIN | POLLRDHUP, 0};
    if (poll(&ready, 1, end.milliseconds()) <= 0) continue;
    Told told;
    cairn_control_order& order = told;
    int descriptor = -1;
    const ssize_t n = DescriptorMessage(&order, sizeof order).receive(socket, descriptor, MSG_DONTWAIT);
    told.descriptor.reset(descriptor);
    if (n < 0 && (errno == EINTR || (errno == EAGAIN && (ready.revents & (POLLRDHUP | POLLHUP)) == 0))) continue;
    if (n <= 0) throw TemporaryError(gone);
    if (cairn_control_understands(order, static_cast<std::size_t>(n))) return told;
    throw EnvironmentError("the process that leads the checkpoint is of another version");
  }
  throw TemporaryError("the process that leads the checkpoint does not go on with it");
}

void ControlJob::follow() {
  state::GroupScope scope = scope_of(expect(*leader_, CAIRN_CONTROL_LOOK, kGrace));
  const state::InGroup in_group(scope);
  const state::ChildrenAllowed children;
  target_.emplace(request_, descriptor_.get());
  group::Request request = request_of_group();
  if (const auto obstacle = group_.obstacle()) throw Error(*obstacle);
  leader_->tell(make_reply(CAIRN_CONTROL_LOOKED));
  request.parameters.timeout = expect(*leader_, CAIRN_CONTROL_STAND, request.parameters.timeout + kGrace).seconds;
  request.looked = true;
  state_.store(CAIRN_CONTROL_STOPPING);
  group_.stand(request);
  leader_->tell(make_reply(CAIRN_CONTROL_STANDS));
  const state::GroupSharing sharing =
      group::read_sharing(expect(*leader_, CAIRN_CONTROL_SAVE, request.parameters.timeout + kGrace).descriptor.get());
  scope.sharing = &sharing;
  state_.store(CAIRN_CONTROL_SAVING);
  group_.save_standing(request);
  leader_->tell(make_reply(CAIRN_CONTROL_SAVED));
  follow_to_the_end();
}

// The program is let go before its file is whole, or after; but one that is to be stopped again at the very end, when
// nothing is left to say.
void ControlJob::follow_to_the_end() {
  std::optional<cairn_control_order> last;
  for (bool released = false, finished = false; !released || !finished;) {
    const Told order = leader_->next(kLongest);
    if (order.step == CAIRN_CONTROL_RELEASE && !released) {
      if (was_stopped() && order.signal != SIGCONT) {
        last = order;
      } else {
        group_.release(order.failure, order.signal);
      }
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
  if (!last) return;
  stop_again(last->signal);
  group_.release(last->failure, last->signal);
}

}  // namespace cairn::host
