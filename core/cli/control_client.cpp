// SPDX-License-Identifier: Apache-2.0
#include "core/cli/control_client.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "core/abi/control_address.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"

namespace cairn::cli {
namespace {

std::string name_of(pid_t pid) { return "process " + std::to_string(pid); }

UniqueFd connect_to(pid_t pid) {
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) throw EnvironmentError(with_errno("socket", errno));
  const ControlAddress address(pid);
  if (connect(fd.get(), address.get(), address.length()) == 0) return fd;
  const int error = errno;
  if (kill(pid, 0) != 0 && errno == ESRCH) throw EnvironmentError(name_of(pid) + " does not exist");
  if (error == ECONNREFUSED) {
    throw PermanentError(name_of(pid) +
                         " cannot be checkpointed: it was not started by cr_run or mpirun --with-cr, or its program is "
                         "linked statically");
  }
  throw EnvironmentError(with_errno("cannot reach " + name_of(pid), error));
}

// Anybody may have taken the name: only the process itself, or its owner's, is believed.
void check_peer(int socket, pid_t pid) {
  ucred peer{};
  socklen_t length = sizeof peer;
  struct stat status {};
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 ||
      stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0)
    throw EnvironmentError(name_of(pid) + " has ended");
  if (peer.pid != pid) {
    throw EnvironmentError("process " + std::to_string(peer.pid) + " has taken the name of " + name_of(pid) +
                           "'s socket: nothing was asked of it");
  }
}

}  // namespace

ControlClient::ControlClient(pid_t pid) : pid_(pid), socket_(connect_to(pid)) { check_peer(socket_.get(), pid); }

void ControlClient::send(const cairn_control_request& request, int descriptor) {
  cairn_control_request copy = request;
  if (DescriptorMessage(&copy, sizeof copy).send(socket_.get(), descriptor) < 0)
    throw EnvironmentError(with_errno("cannot ask " + name_of(pid_), errno));
}

cairn_control_reply ControlClient::wait(const std::function<void(const cairn_control_reply&)>& progress) {
  for (;;) {
    cairn_control_reply reply{};
    const ssize_t n = recv(socket_.get(), &reply, sizeof reply, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw TemporaryError(name_of(pid_) + " ended while it was being checkpointed");
    if (!cairn_control_understands(reply, static_cast<std::size_t>(n)))
      throw EnvironmentError(name_of(pid_) +
                             " runs under another version of Cairn: use the cr_checkpoint of that version");
    reply.text[sizeof reply.text - 1] = '\0';
    if (reply.state == CAIRN_CONTROL_DONE) return reply;
    progress(reply);
  }
}

cairn_control_request make_request(cairn_control_command command) {
  cairn_control_request request{};
  request.command = command;
  return request;
}

}  // namespace cairn::cli
