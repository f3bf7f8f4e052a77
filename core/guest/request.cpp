// SPDX-License-Identifier: Apache-2.0
#include "core/guest/request.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/abi/beginning.hpp"
#include "core/abi/control_address.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/exit_codes.h"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/chain.hpp"
#include "core/guest/host.hpp"
#include "core/guest/interrupted.hpp"
#include "core/guest/request_calls.hpp"
#include "core/guest/stop.hpp"
#include "core/guest/thread_state.hpp"
#include "core/guest/time_limit.hpp"

namespace cairn::guest {
namespace {

constexpr timespec kLongWait{3600, 0};

int error_without_socket(Beginning beginning) {
  if (beginning == Beginning::gone) return ESRCH;
  return beginning == Beginning::none || beginning == Beginning::child ? CR_ENOSUPPORT : CR_ETEMPFAIL;
}

int connect_to(pid_t pid) {
  const ControlAddress address(pid);
  for (bool is_child = false;; is_child = true) {  // that must be seen before the attempt that fails
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (connect(fd, address.get(), address.length()) == 0) return fd;
    const int error = errno;
    close(fd);
    if (error != ECONNREFUSED) return -error;
    const Beginning beginning = beginning_of(pid);
    if (is_child || beginning != Beginning::child) return -error_without_socket(beginning);
  }
}

// Only the owner of the process, or root, may be behind its socket's name.
int check_peer(int fd, pid_t pid) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return errno;
  return peer.pid == pid && (peer.uid == 0 || peer.uid == geteuid() || geteuid() == 0) ? 0 : EPERM;
}

int send_request(int fd, const cairn_control_request& request, int descriptor) {
  cairn_control_request copy = request;
  const ssize_t sent = DescriptorMessage(&copy, sizeof copy).send(fd, descriptor);
  return sent == static_cast<ssize_t>(sizeof copy) ? 0 : errno;
}

}  // namespace

Request* Request::make() {
  auto* request = static_cast<Request*>(calloc(1, sizeof(Request)));
  if (request != nullptr) request->socket_ = -1;
  return request;
}

void Request::destroy(Request* request) {
  if (request->socket_ >= 0) close(request->socket_);
  free(request);
}

int Request::ask_self(const cairn_control_request& request, int descriptor) {
  if (!come_to_own_host()) return EAGAIN;
  restarts_ = times_restarted();
  const cairn_self_request asked{CAIRN_SELF_REQUEST_VERSION, sizeof asked, &request, descriptor, 0, &result_};
  const uint64_t guest = cairn_enter();
  const int result = table().request_self(&asked);
  cairn_leave(guest);
  return -result;
}

int Request::ask_process(pid_t pid, const cairn_control_request& request, int descriptor) {
  restarts_ = times_restarted();
  const int fd = connect_to(pid);
  if (fd < 0) return -fd;
  socket_ = fd;
  const int error = check_peer(fd, pid);
  return error != 0 ? error : send_request(fd, request, descriptor);
}

bool Request::restarted() const { return times_restarted() != restarts_; }

// The word that has to change before a request of this process's own is done; null if it is. The checkpoint is over
// when all callbacks have returned, unless it is one of them that asks.
const uint32_t* Request::awaited() const {
  if (!restarted() && load(result_.done) == 0) return &result_.done;
  if (state.chain != nullptr) return nullptr;
  const cairn_guest& g = cairn_guest_self;
  if (load(g.callback_done) != load(g.callback_ask)) return &g.callback_done;
  return load(g.threads_in_callbacks) != 0 ? &g.threads_in_callbacks : nullptr;
}

bool Request::done() { return socket_ >= 0 ? wait_process(0) > 0 : awaited() == nullptr; }

int Request::wait_self(const timespec* limit) {
  TimeLeft left(limit);
  for (StopCheck check;; check.begin()) {
    const uint32_t* word = awaited();
    if (word == nullptr) return 1;
    const uint32_t seen = load(*word);
    if (awaited() != word) continue;
    left.started();
    // Never without a limit: the kernel would resume such a wait after a restart, when nobody will end it.
    const timespec* bound = limit != nullptr ? left.value() : &kLongWait;
    const long result = raw_syscall(SYS_futex, address(word), FUTEX_WAIT_PRIVATE, seen, address(bound));
    if (result == -ETIMEDOUT && limit != nullptr) return awaited() == nullptr ? 1 : 0;
    errno = result < 0 ? static_cast<int>(-result) : 0;
    if (errno == EINTR && !restarted() && !check.stopped_only() && awaited() != nullptr) return -1;
    left.interrupted();
  }
}

// One wait of at most so many milliseconds, over all messages of progress.
int Request::wait_process(int milliseconds) {
  for (;;) {
    if (restarted() || load(result_.done) != 0) return 1;
    pollfd ready{socket_, POLLIN, 0};
    const int n = poll(&ready, 1, milliseconds);
    if (n <= 0) return n;
    const ssize_t size = recv(socket_, &result_.reply, sizeof result_.reply, 0);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size == static_cast<ssize_t>(sizeof result_.reply) && result_.reply.state != CAIRN_CONTROL_DONE) continue;
    if (size != static_cast<ssize_t>(sizeof result_.reply)) {
      result_.reply.code = CAIRN_EXIT_TEMPORARY;
      strcpy(result_.reply.text, "the process ended during the checkpoint");
    }
    store(result_.done, 1u);
    return 1;
  }
}

int Request::wait(timeval* limit) {
  const TimeLimit bound(limit);
  return bound.ended(socket_ >= 0 ? wait_process(to_milliseconds(bound.value())) : wait_self(bound.value()));
}

int Request::error() const {
  if (restarted()) return CR_ERESTARTED;
  const bool left_out = result_.reply.error == ESRCH;
  return left_out ? ESRCH : failure_of(result_.reply.code);
}

}  // namespace cairn::guest
