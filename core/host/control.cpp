// SPDX-License-Identifier: Apache-2.0
// The control socket "@cairn/<pid>" (core/abi/control_protocol.hpp). Two threads of the host: one listens and
// answers, the other takes checkpoints, one at a time. Both live as long as the process; a forked child of the
// guest has neither.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/abi/control_address.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"
#include "core/host/control_job.hpp"
#include "core/host/host.hpp"
#include "core/host/table.hpp"
#include "core/state/credentials/kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/settings/kind.hpp"

namespace cairn::host {
namespace {

constexpr int kProgressMilliseconds = 500;
constexpr int kStrangerMilliseconds = 100;
constexpr int kRequestMilliseconds = 2000;  // for a connected command to say what it wants
constexpr std::chrono::seconds kEndOfJob{2};

// The one checkpoint at work, and the worker that takes it.
class Worker {
 public:
  // False if one is being taken. Waits for the end of one that has been answered.
  bool start(const cairn_control_request& request, UniqueFd descriptor, ControlJob::Answer answer);
  cairn_control_reply progress();
  void cancel();
  void run();
  // Until then jobs wait.
  void open();

 private:
  std::mutex mutex_;
  std::condition_variable wanted_, idle_;
  std::shared_ptr<ControlJob> job_;
  bool open_ = false;
};

bool Worker::start(const cairn_control_request& request, UniqueFd descriptor, ControlJob::Answer answer) {
  std::unique_lock lock(mutex_);
  if (job_ && job_->answered()) idle_.wait_for(lock, kEndOfJob, [this] { return job_ == nullptr; });
  if (job_) return false;
  job_ = std::make_shared<ControlJob>(request, std::move(descriptor), std::move(answer));
  wanted_.notify_one();
  return true;
}

cairn_control_reply Worker::progress() {
  std::lock_guard lock(mutex_);
  return job_ ? job_->progress() : make_reply(CAIRN_CONTROL_IDLE);
}

void Worker::cancel() {
  std::lock_guard lock(mutex_);
  if (job_) job_->cancel();
}

void Worker::run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wanted_.wait(lock, [this] { return job_ != nullptr && open_; });
    const std::shared_ptr<ControlJob> job = job_;
    lock.unlock();
    job->run();
    lock.lock();
    job_.reset();
    idle_.notify_all();
  }
}

void Worker::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
  wanted_.notify_one();
}

// A command that waits for its checkpoint.
struct Client {
  UniqueFd socket;
  std::atomic<bool> answered{false};

  // False if the command has gone. One that does not read misses progress, nothing else.
  bool send(const cairn_control_reply& reply, int flags) noexcept {
    return ::send(socket.get(), &reply, sizeof reply, MSG_NOSIGNAL | flags) >= 0 || errno == EAGAIN;
  }
};

class Control {
 public:
  Control();
  void listen_for_ever();
  void work_for_ever() { worker_.run(); }
  Worker& worker() { return worker_; }

 private:
  void accept_one();
  void serve(UniqueFd socket);
  void begin_checkpoint(const cairn_control_request& request, UniqueFd descriptor, UniqueFd socket);
  void look_after_client();

  UniqueFd listening_, answered_;
  Worker worker_;
  std::shared_ptr<Client> client_;
};

Control::Control() : listening_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)), answered_(eventfd(0, EFD_CLOEXEC)) {
  const ControlAddress address(getpid());
  if (!listening_ || !answered_ || bind(listening_.get(), address.get(), address.length()) != 0 ||
      listen(listening_.get(), 16) != 0) {
    throw EnvironmentError(
        with_errno("cannot listen for checkpoint requests at @cairn/" + std::to_string(getpid()), errno));
  }
}

bool may_ask(int socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  return peer.uid == 0 || peer.uid == getuid();
}

// Reads one request and the descriptor that may come with it. False if it is none, or nobody waits for it any more.
bool receive(int socket, cairn_control_request& request, UniqueFd& descriptor) {
  pollfd ready{socket, POLLIN | POLLRDHUP, 0};
  if (poll(&ready, 1, kRequestMilliseconds) != 1 || (ready.revents & (POLLRDHUP | POLLHUP)) != 0) return false;
  int low = -1;
  const ssize_t n = DescriptorMessage(&request, sizeof request).receive(socket, low);
  if (low >= 0) {
    descriptor.reset(dup(low));  // the host's dup() moves it up to where the host's descriptors are
    close(low);
  }
  return n >= 0 && cairn_control_understands(request, static_cast<std::size_t>(n));
}

void send_final(const UniqueFd& socket, int code, const std::string& text) {
  const cairn_control_reply reply = make_reply(CAIRN_CONTROL_DONE, code, text);
  ::send(socket.get(), &reply, sizeof reply, MSG_NOSIGNAL);
}

void Control::serve(UniqueFd socket) {
  cairn_control_request request{};
  UniqueFd descriptor;
  if (!may_ask(socket.get())) {
    // What it says is read, without the descriptors: an answer over unread words would be lost.
    pollfd ready{socket.get(), POLLIN, 0};
    if (poll(&ready, 1, kStrangerMilliseconds) == 1) recv(socket.get(), &request, sizeof request, MSG_DONTWAIT);
    return send_final(socket, CAIRN_EXIT_ENVIRONMENT, "only its owner or root may checkpoint this process");
  }
  if (!receive(socket.get(), request, descriptor))
    return send_final(socket, CAIRN_EXIT_ENVIRONMENT, "the command is of another version than the process's host");
  if (request.command == CAIRN_CONTROL_CHECKPOINT)
    return begin_checkpoint(request, std::move(descriptor), std::move(socket));
  if (request.command == CAIRN_CONTROL_CANCEL) worker_.cancel();
  const cairn_control_reply reply = worker_.progress();
  ::send(socket.get(), &reply, sizeof reply, MSG_NOSIGNAL);
}

void Control::begin_checkpoint(const cairn_control_request& request, UniqueFd descriptor, UniqueFd socket) {
  auto client = std::make_shared<Client>();
  client->socket = std::move(socket);
  const int wake = answered_.get();
  const auto answer = [client, wake](const cairn_control_reply& reply) {
    client->send(reply, 0);
    client->answered.store(true);
    eventfd_write(wake, 1);
  };
  if (worker_.start(request, std::move(descriptor), answer)) {
    client_ = client;
  } else {
    send_final(client->socket, CAIRN_EXIT_TEMPORARY, "another checkpoint of this process is being taken");
  }
}

// A client that has gone takes its request with it; one that waits hears how it goes.
void Control::look_after_client() {
  if (!client_) return;
  if (client_->answered.load()) {
    client_.reset();
  } else if (!client_->send(worker_.progress(), MSG_DONTWAIT)) {
    worker_.cancel();
    client_.reset();
  }
}

void Control::accept_one() {
  UniqueFd socket(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (socket) serve(std::move(socket));
}

void Control::listen_for_ever() {
  for (;;) {
    pollfd waiting[3] = {{listening_.get(), POLLIN, 0},
                         {answered_.get(), POLLIN, 0},
                         {client_ ? client_->socket.get() : -1, POLLRDHUP, 0}};
    const int n = poll(waiting, 3, client_ ? kProgressMilliseconds : -1);
    if (n < 0 && errno != EINTR) return;
    eventfd_t count = 0;
    if ((waiting[1].revents & POLLIN) != 0) eventfd_read(answered_.get(), &count);
    if ((waiting[2].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 && !client_->answered.load()) {
      worker_.cancel();
      client_.reset();
    }
    look_after_client();
    if ((waiting[0].revents & POLLIN) != 0) accept_one();
  }
}

std::unique_ptr<Control> control;  // lives as long as the process

}  // namespace

bool begin_own_checkpoint(const cairn_control_request& request, UniqueFd descriptor, ControlJob::Answer answer) {
  return control->worker().start(request, std::move(descriptor), std::move(answer));
}

void open_control() { control = std::make_unique<Control>(); }

void serve_control() { control->worker().open(); }

void start_control() {
  state::note_standard_files();
  state::note_start_credentials();
  state::note_start_settings();
  set_request_self(request_own_checkpoint);
  std::thread([] { control->work_for_ever(); }).detach();
  std::thread([] { control->listen_for_ever(); }).detach();
}

}  // namespace cairn::host
