// SPDX-License-Identifier: Apache-2.0
#include "core/engine/node_request.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/engine/descriptor_exchange.hpp"
#include "kmod/cairn_uapi.h"

namespace cairn::engine {

namespace {

UniqueFd make(unsigned members, double deadline) {
  const UniqueFd device(::open("/dev/cairn", O_RDWR | O_CLOEXEC));
  cairn_km_request request{};
  request.size = sizeof request;
  request.members = members;
  request.deadline_ms = static_cast<std::uint32_t>(std::clamp(deadline, 0.1, 80000.0) * 1000);
  UniqueFd fd(device ? ioctl(device.get(), CAIRN_KM_REQUEST, &request) : -1);
  if (!fd) throw EnvironmentError(with_errno("the kernel module refused to make a node request", errno));
  return fd;
}

}  // namespace

std::unique_ptr<NodeRequest> NodeRequest::open(const NodeGroup& group, double deadline, int fd_base) {
  UniqueFd fd;
  if (group.leader) {
    fd = make(group.members, deadline);
    if (group.members > 1) offer_descriptor(group.key, fd.get(), group.members - 1, deadline);
  } else {
    fd = fetch_descriptor(group.key, deadline);
  }
  fd.reset(fcntl(fd.get(), F_DUPFD_CLOEXEC, fd_base));  // known as the host's from here on
  if (!fd) throw EnvironmentError(with_errno("cannot duplicate the descriptor of the node request", errno));
  std::unique_ptr<NodeRequest> result(new NodeRequest(std::move(fd)));
  result->join(0);
  return result;
}

void NodeRequest::join(unsigned threads) {
  cairn_km_join join{};
  join.size = sizeof join;
  join.threads = threads;
  if (ioctl(fd_.get(), CAIRN_KM_JOIN, &join) != 0)
    throw TemporaryError(with_errno("cannot take part in the node request", errno));
}

void NodeRequest::wait_complete(unsigned threads, double seconds) {
  join(threads);
  cairn_km_status status{};
  status.size = sizeof status;
  status.timeout_ms = static_cast<std::uint32_t>(std::clamp(seconds, 0.0, 80000.0) * 1000);
  const bool good = ioctl(fd_.get(), CAIRN_KM_WAIT, &status) == 0;
  if (good && (status.state == CAIRN_KM_COMPLETE || status.state == CAIRN_KM_RELEASED)) return;
  if (status.state == CAIRN_KM_ABORTED)
    throw TemporaryError("the node request was aborted: " + std::string(status.text));
  throw TemporaryError("only " + std::to_string(status.threads) + " of " + std::to_string(status.threads_wanted) +
                       " threads, of " + std::to_string(status.members) + " of " +
                       std::to_string(status.members_wanted) +
                       " processes, reached the kernel's barrier on this node in time");
}

void NodeRequest::release() noexcept {
  if (fd_) ioctl(fd_.get(), CAIRN_KM_RELEASE);
  fd_.reset();
}

}  // namespace cairn::engine
