// SPDX-License-Identifier: Apache-2.0
#include "pmix/agent/agent_link.hpp"

#include <cstdlib>

#include "core/base/error.hpp"
#include "pmix/agent/host_thread.hpp"

namespace cairn::pmix {
namespace {

constexpr double kConnectSeconds = 10;

}  // namespace

std::optional<CoordinatorAddress> CoordinatorAddress::from_environment() {
  const char* where = std::getenv(kCoordinatorVariable);
  const char* key = std::getenv(kCoordinatorKeyVariable);
  if (where == nullptr || key == nullptr) return std::nullopt;
  CoordinatorAddress result;
  char* end = nullptr;
  const unsigned long port = std::strtoul(where, &end, 10);
  if (*end != ';' || port == 0 || port > 65535) return std::nullopt;
  result.port = static_cast<std::uint16_t>(port);
  std::string rest = end + 1;
  for (std::size_t comma = 0; !rest.empty(); rest = comma == std::string::npos ? "" : rest.substr(comma + 1)) {
    comma = rest.find(',');
    result.addresses.push_back(rest.substr(0, comma));
  }
  try {
    result.key = link_key_from_hex(key);
  } catch (const Error&) {
    return std::nullopt;
  }
  return result;
}

AgentLink::AgentLink(CoordinatorAddress where, Record hello, Orders& orders)
    : where_(std::move(where)), hello_(std::move(hello)), orders_(orders) {}

void AgentLink::start() {
  start_host_thread("cairn-link", [this] { run(); });
}

std::shared_ptr<SecureLink> AgentLink::link() const {
  const std::lock_guard lock(mutex_);
  return link_;
}

bool AgentLink::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

bool AgentLink::send(const Record& record) noexcept {
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
    fresh->send(hello_);
    for (;;) {
      if (const auto order = fresh->receive(-1)) serve(*order);
    }
  } catch (const std::exception&) {
    // mpirun is gone, or this rank leaves. The job's runtime decides what becomes of the job.
    const std::lock_guard lock(mutex_);
    lost_ = true;
  }
}

void AgentLink::serve(const Record& order) {
  if (order.type() == "checkpoint") {
    if (!orders_.append(order)) send(Record("refused").set("text", "the job is about to end"));
  } else if (order.type() == "decision") {
    orders_.decide(order.get_u64("n"), order.get_bool("commit"));
  } else if (order.type() == "survey") {
    send(orders_.survey(order.get_u64("id"), order.get_double("seconds", 2)));
  }
}

}  // namespace cairn::pmix
