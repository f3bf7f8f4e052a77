// SPDX-License-Identifier: Apache-2.0
#include "pmix/agent/agent_link.hpp"

#include <chrono>
#include <thread>

#include "pmix/agent/host_thread.hpp"

namespace cairn::pmix {
namespace {

constexpr double kConnectSeconds = 10;
constexpr std::chrono::seconds kBetweenTries{1};

}  // namespace

AgentLink::AgentLink(CoordinatorAddress where, Hello hello, Orders& orders)
    : where_(std::move(where)), orders_(orders), hello_(std::move(hello)) {}

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

void AgentLink::tell_crossing(const std::string& text) noexcept {
  const std::lock_guard lock(hello_mutex_);
  if (text == hello_.crossing) return;
  hello_.crossing = text;
  if (greeted_) send(Crossing{text});
}

// mpirun may be stopped, or the machine very busy. Null: this rank leaves.
std::shared_ptr<SecureLink> AgentLink::connect() {
  for (;; std::this_thread::sleep_for(kBetweenTries)) {
    std::shared_ptr<SecureLink> fresh;
    try {
      fresh = connect_to(where_, kConnectSeconds);
    } catch (const std::exception&) {
      // Nobody has heard of this rank yet: it may try again.
    }
    const std::lock_guard lock(mutex_);
    if (stopped_) return nullptr;
    if (fresh) return link_ = fresh;
  }
}

void AgentLink::run() {
  const auto to = connect();
  if (!to) return;
  try {
    {
      const std::lock_guard lock(hello_mutex_);
      to->send(to_record(hello_));
      greeted_ = true;
    }
    for (;;) {
      if (const auto order = to->receive(-1)) serve(*order);
    }
  } catch (const std::exception&) {
    // mpirun is gone, or this rank leaves, or cannot go on serving. The job's runtime decides what becomes of the job.
    to->shut_down();
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
