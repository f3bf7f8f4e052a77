// SPDX-License-Identifier: Apache-2.0
#include "pmix/agent/agent_link.hpp"

#include "pmix/agent/host_thread.hpp"

namespace cairn::pmix {
namespace {

constexpr double kConnectSeconds = 10;

}  // namespace

AgentLink::AgentLink(CoordinatorAddress where, Hello hello, Orders& orders)
    : where_(std::move(where)), hello_(std::move(hello)), orders_(orders) {}

void AgentLink::start() {
  start_host_thread("cairn-link", [this] { run(); });
}

std::shared_ptr<SecureLink> AgentLink::link() const {
  const std::lock_guard lock(mutex_);
  return link_;
}

bool AgentLink::send_record(const Record& record) noexcept {
  try {
    const auto to = link();
    if (!to) return false;
    to->send(record);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void AgentLink::shut_down() noexcept {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (link_) link_->shut_down();
}

void AgentLink::run() {
  try {
    auto fresh = std::make_shared<SecureLink>(connect_tcp(where_.addresses, where_.port, kConnectSeconds), where_.key,
                                              false, kConnectSeconds);
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      link_ = fresh;
    }
    fresh->send(to_record(hello_));
    for (;;) {
      if (const auto order = fresh->receive(-1)) serve(*order);
    }
  } catch (const std::exception&) {
    // mpirun is gone, or this rank leaves. The job's runtime decides what becomes of the job.
  }
}

void AgentLink::serve(const Record& order) {
  if (is<CheckpointOrder>(order)) {
    if (!orders_.append(from_record<CheckpointOrder>(order))) send(Refused{.text = "the job is about to end"});
  } else if (is<Decision>(order)) {
    orders_.decide(from_record<Decision>(order));
  } else if (is<SurveyQuestion>(order)) {
    send(orders_.survey(from_record<SurveyQuestion>(order)));
  }
}

}  // namespace cairn::pmix
