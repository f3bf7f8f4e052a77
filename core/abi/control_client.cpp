// SPDX-License-Identifier: Apache-2.0
#include "core/abi/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "core/abi/beginning.hpp"
#include "core/abi/control_address.hpp"
#include "core/abi/forked_copy.hpp"
#include "core/abi/process_number.hpp"
#include "core/base/deadline.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/process_mark.hpp"
#include "core/base/text.hpp"

namespace cairn {
namespace {

constexpr double kPatience = 1;       // for a process that starts; a young one is waited for until it is not
constexpr double kCopyPatience = 20;  // for a forked copy to come to a host
constexpr std::chrono::milliseconds kLook{10};
constexpr timeval kSilence{20, 0}, kForEver{0, 0};

std::string name_of(pid_t pid) { return "process " + std::to_string(pid); }

void set_limit(int socket, const timeval& limit) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

// Neither connecting nor the first answer takes longer, unless its host is still busy bringing it back.
UniqueFd make_socket() {
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd) throw EnvironmentError(with_errno("socket", errno));
  set_limit(fd.get(), kSilence);
  return fd;
}

[[noreturn]] void throw_silent(pid_t pid) {
  throw TemporaryError(name_of(pid) + " does not answer: it is being restarted, or it is stopped; ask again later");
}

// Why no host runs its program. What the kernel shows of it decides where it can; else all that may be.
std::string why_not_hosted(pid_t pid) {
  const std::string file = read_link("/proc/" + std::to_string(pid) + "/exe"), name = base_name(file);
  if (file.starts_with("/memfd:"))
    return "its program was executed from a memfd, which has no path for a host to run; execute it from a file";
  if (name == "cr_restart") return "it stands for what it has brought back: ask for a checkpoint of that";
  if (name.starts_with("ld-") && name.find(".so") != std::string::npos)
    return "its program was executed by the loader (" + name + " PROGRAM); execute PROGRAM itself";
  return "it was not started by cr_run or mpirun --with-cr, or past the C library, from a memfd or by the loader "
         "(ld-linux-x86-64.so.2 PROGRAM), or its program is linked statically or has rights of its own (set-id)";
}

[[noreturn]] void throw_no_socket(pid_t pid, Beginning beginning) {
  const std::string name = name_of(pid);
  switch (beginning) {
    case Beginning::restart:
      throw TemporaryError(name + " is being restarted; ask again later");
    case Beginning::host:
      throw TemporaryError(name + " has only begun to start; ask again later");
    case Beginning::child:
      if (is_made_past_libc(pid))
        throw PermanentError(name_of_process(pid) +
                             " cannot be checkpointed: it was made past the C library (clone), so that it has no host; "
                             "fork() and posix_spawn() make processes that can be saved");
      throw TemporaryError(name + " is a forked child of a hosted program, which cannot be saved: " + why_no_host(pid));
    case Beginning::gone:
      throw EnvironmentError(name + " does not exist");
    case Beginning::young:
    case Beginning::none:
      break;
  }
  throw PermanentError(name_of_process(pid) + " cannot be checkpointed: " + why_not_hosted(pid));
}

// Root is nobody in particular to a process with a user namespace of its own: it asks as the owner of that, then.
class AsOwner {
 public:
  explicit AsOwner(pid_t pid) noexcept {
    const std::uint64_t theirs = process_number::space_of(std::to_string(pid).c_str(), "user");
    struct stat status {};
    if (geteuid() != 0 || theirs == 0 || theirs == process_number::space_of("self", "user") ||
        stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0)
      return;
    changed_ = set_effective_user(status.st_uid);
  }
  ~AsOwner() {
    const int error = errno;  // of what was done meanwhile
    if (changed_) set_effective_user(0);
    errno = error;
  }
  AsOwner(const AsOwner&) = delete;
  AsOwner& operator=(const AsOwner&) = delete;

 private:
  // Of this thread: libc's function changes all of them.
  static bool set_effective_user(uid_t user) noexcept { return syscall(SYS_setresuid, -1, user, -1) == 0; }

  bool changed_ = false;
};

bool connect_as_owner(pid_t pid, int socket, const ControlAddress& address) noexcept {
  const AsOwner owner(pid);
  return connect(socket, address.get(), address.length()) == 0;
}

UniqueFd connect_to(pid_t pid) {
  const ControlAddress address(pid);
  const Deadline copy_patience(kCopyPatience);
  bool asked = false;
  for (const Deadline patience(kPatience);; std::this_thread::sleep_for(kLook)) {
    UniqueFd fd = make_socket();
    if (connect_as_owner(pid, fd.get(), address)) return fd;
    if (errno == EAGAIN) throw_silent(pid);
    if (errno != ECONNREFUSED) throw EnvironmentError(with_errno("cannot reach " + name_of(pid), errno));
    if (!copy_patience.passed() && ask_for_host(pid, asked)) continue;
    const Beginning beginning = beginning_of(pid);
    const bool may_pass = beginning != Beginning::none && !patience.passed();
    if (beginning != Beginning::young && !may_pass) throw_no_socket(pid, beginning);
  }
}

[[noreturn]] void throw_gone(pid_t pid) {
  if (ends(pid)) throw TemporaryError(name_of(pid) + " ended while it was being checkpointed");
  throw ExecutedAnother(name_of(pid) + " executed another program while it was being checkpointed; ask again later");
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
  if (DescriptorMessage(&copy, sizeof copy).send(socket_.get(), descriptor) >= 0) return;
  if (errno == ECONNRESET || errno == EPIPE) throw_gone(pid_);
  throw EnvironmentError(with_errno("cannot ask " + name_of(pid_), errno));
}

bool ControlClient::send(const cairn_control_order& order, int descriptor) noexcept {
  cairn_control_order copy = order;
  return DescriptorMessage(&copy, sizeof copy).send(socket_.get(), descriptor) == static_cast<ssize_t>(sizeof copy);
}

void ControlClient::give_up() noexcept { shutdown(socket_.get(), SHUT_WR); }

cairn_control_reply ControlClient::checked(const cairn_control_reply& reply, ssize_t bytes) const {
  if (bytes <= 0) throw_gone(pid_);
  if (!cairn_control_understands(reply, static_cast<std::size_t>(bytes))) {
    throw EnvironmentError(name_of(pid_) +
                           " runs under another version of Cairn: use the cr_checkpoint of that version");
  }
  cairn_control_reply result = reply;
  result.text[sizeof result.text - 1] = '\0';
  return result;
}

std::optional<cairn_control_reply> ControlClient::receive(double seconds) {
  pollfd ready{socket_.get(), POLLIN, 0};
  if (const int n = poll(&ready, 1, Deadline(seconds).milliseconds()); n <= 0) return std::nullopt;
  cairn_control_reply reply{};
  const ssize_t n = recv(socket_.get(), &reply, sizeof reply, 0);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
  return checked(reply, n);
}

cairn_control_reply ControlClient::wait(const std::function<void(const cairn_control_reply&)>& progress) {
  for (;;) {
    cairn_control_reply read{};
    const ssize_t n = recv(socket_.get(), &read, sizeof read, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) throw_silent(pid_);
    const cairn_control_reply reply = checked(read, n);
    if (reply.state == CAIRN_CONTROL_DONE) return reply;
    set_limit(socket_.get(), kForEver);  // it serves us
    progress(reply);
  }
}

cairn_control_request make_request(cairn_control_command command) {
  cairn_control_request request{};
  request.command = command;
  return request;
}

}  // namespace cairn
