// SPDX-License-Identifier: Apache-2.0
// The control socket "@cairn/<pid>" (core/abi/control_protocol.hpp). Two threads of the host: one listens and
// answers, the other takes checkpoints, one at a time. Both live as long as the process; a forked child of the
// guest has neither, until a new host takes the place of this one (adoption.hpp).
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
#include "core/base/clock.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/host/control_job.hpp"
#include "core/host/host.hpp"
#include "core/host/resident_memory.hpp"
#include "core/host/self_request_v1.hpp"
#include "core/host/table.hpp"
#include "core/state/credentials/kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/memory/strangers.hpp"
#include "core/state/settings/kind.hpp"

namespace cairn::host {
namespace {

constexpr int kProgressMilliseconds = 500;
constexpr int kStrangerMilliseconds = 100;
constexpr int kRequestMilliseconds = 2000;  // for a connected command to say what it wants
constexpr std::chrono::seconds kEndOfJob{2};
constexpr std::chrono::seconds kTurnOfOthers{4};  // longer than a command that waits pauses (cr_checkpoint --wait)

// The one checkpoint at work, and the worker that takes it.
class Worker {
 public:
  // False if one is being taken. Waits for the end of one that has been answered. Whoever is refused and asks again
  // comes before the program, which would have the worker for itself if it asked all the time.
  bool start(std::shared_ptr<ControlJob> job);
  cairn_control_reply progress();
  void cancel();
  [[noreturn]] void run();  // until then jobs wait

 private:
  std::mutex mutex_;
  std::condition_variable wanted_, idle_;
  std::shared_ptr<ControlJob> job_;
  std::chrono::steady_clock::time_point turn_of_others_;  // until then
};

bool Worker::start(std::shared_ptr<ControlJob> job) {
  std::unique_lock lock(mutex_);
  if (job_ && job_->answered()) idle_.wait_for(lock, kEndOfJob, [this] { return job_ == nullptr; });
  const bool of_program = job->asker() == ControlJob::Asker::program;
  const auto now = std::chrono::steady_clock::now();
  if (job_ && !of_program) turn_of_others_ = now + kTurnOfOthers;
  if (job_ || (of_program && now < turn_of_others_)) return false;
  if (!of_program) turn_of_others_ = {};
  job_ = std::move(job);
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
    const std::int64_t rested = clock_now(CLOCK_THREAD_CPUTIME_ID);
    std::unique_lock lock(mutex_);
    wanted_.wait(lock, [this] { return job_ != nullptr; });
    const HostWork not_the_guests(rested);
    const std::shared_ptr<ControlJob> job = job_;
    lock.unlock();
    job->run();
    lock.lock();
    job_.reset();
    idle_.notify_all();
  }
}

// Whoever asks: a command, or a program by its libcr, which may be older than this host.
struct Client {
  UniqueFd socket;
  bool older = false;  // asks and is answered in version 1
  std::atomic<bool> answered{false};

  // False if it has gone. One that does not read misses progress, nothing else.
  bool send(const cairn_control_reply& reply, int flags = 0) noexcept {
    if (older) return send_bytes(to_v1(reply), flags);
    return send_bytes(reply, flags);
  }
  void send_final(int code, const std::string& text) noexcept { send(make_reply(CAIRN_CONTROL_DONE, code, text)); }

 private:
  template <class Reply>
  bool send_bytes(const Reply& reply, int flags) noexcept {
    return ::send(socket.get(), &reply, sizeof reply, MSG_NOSIGNAL | flags) >= 0 || errno == EAGAIN;
  }
};

class Control {
 public:
  Control();
  void listen_for_ever();
  [[noreturn]] void work_for_ever() { worker_.run(); }
  Worker& worker() { return worker_; }
  // In a copy that fork has made: without libc.
  void stop_listening() noexcept { raw_syscall(SYS_close, listening_.release()); }

 private:
  void accept_one();
  void serve(UniqueFd socket);
  void begin_checkpoint(const cairn_control_request& request, UniqueFd descriptor, std::shared_ptr<Client> client);
  void look_after_client();

  UniqueFd listening_, answered_;
  Worker worker_;
  std::shared_ptr<Client> client_;
  std::optional<HostWork> for_client_;  // from its request until it is answered
};

// 0: it is not seen.
std::uint64_t inode_of(const std::string& name) {
  constexpr std::size_t kInode = 6, kName = 7;
  const std::string all = read_file("/proc/net/unix").value_or("");
  for (const std::string_view line : split_lines(all)) {
    const auto words = split_words(line);
    if (words.size() == kName + 1 && words[kName] == name) return to_number(words[kInode]);
  }
  return 0;
}

// "process 4711 (make)": who has the socket of that name open, whoever has made it.
std::string holder_of(const std::string& name, int socket) {
  struct stat own {};
  fstat(socket, &own);
  const std::string holder = state::OtherHolders().of({own.st_dev, inode_of(name)});
  return holder.empty() ? "another process" : holder;
}

[[noreturn]] void throw_deaf(const ControlAddress& address, int socket, int error) {
  const std::string name = "@" + std::string(address.name());
  const SystemText text = with_errno("cannot listen for checkpoint requests at " + name, error);
  if (error != EADDRINUSE) throw EnvironmentError(text);
  throw EnvironmentError(
      text + ("; " + holder_of(name, socket) +
              " has that name: a process that is restarted may have another number (cr_restart --no-restore-pid)"));
}

Control::Control() : listening_(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)), answered_(eventfd(0, EFD_CLOEXEC)) {
  const ControlAddress address(getpid());
  if (!listening_ || !answered_ || bind(listening_.get(), address.get(), address.length()) != 0 ||
      listen(listening_.get(), 16) != 0)
    throw_deaf(address, listening_.get(), errno);
}

// Who is outside of this process's namespaces may be anybody, if he shows as the user whom the kernel puts for unknown
// ones.
bool is_unknown(const ucred& peer) {
  return peer.pid == 0 && peer.uid == to_number(trimmed(read_file("/proc/sys/kernel/overflowuid").value_or("")));
}

// Of nobody, if that is not known.
ucred peer_of(int socket) {
  ucred peer{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
  socklen_t length = sizeof peer;
  getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return peer;
}

bool may_ask(int socket) {
  const ucred peer = peer_of(socket);
  return (peer.uid == 0 || peer.uid == getuid()) && !is_unknown(peer);
}

// Reads one request and the descriptor that may come with it. Nothing if it is none, or nobody waits for it any more.
std::optional<cairn_control_request> receive(Client& client, UniqueFd& descriptor) {
  pollfd ready{client.socket.get(), POLLIN | POLLRDHUP, 0};
  if (poll(&ready, 1, kRequestMilliseconds) != 1 || (ready.revents & (POLLRDHUP | POLLHUP)) != 0) return std::nullopt;
  union {
    cairn_control_request request;
    v1::ControlRequest older;
  } said{.older = {}};
  int sent = -1;
  const ssize_t n = DescriptorMessage(&said, sizeof said).receive(client.socket.get(), sent);
  descriptor.reset(sent);
  client.older = n == sizeof said.older && said.older.version == v1::kControlVersion;
  if (client.older) return from_v1(said.older);
  if (n < 0 || !cairn_control_understands(said.request, static_cast<std::size_t>(n))) return std::nullopt;
  return said.request;
}

void Control::serve(UniqueFd socket) {
  const auto client = std::make_shared<Client>();
  client->socket = std::move(socket);
  if (!may_ask(client->socket.get())) {
    // What it says is read, without the descriptors: an answer over unread words would be lost.
    cairn_control_request ignored{};
    pollfd ready{client->socket.get(), POLLIN, 0};
    if (poll(&ready, 1, kStrangerMilliseconds) == 1) recv(ready.fd, &ignored, sizeof ignored, MSG_DONTWAIT);
    return client->send_final(CAIRN_EXIT_ENVIRONMENT, "only its owner or root may checkpoint this process");
  }
  UniqueFd descriptor;
  const auto request = receive(*client, descriptor);
  if (!request)
    return client->send_final(CAIRN_EXIT_ENVIRONMENT, "whoever asks is of another version than the process's host");
  if (request->command == CAIRN_CONTROL_CHECKPOINT) return begin_checkpoint(*request, std::move(descriptor), client);
  if (request->command == CAIRN_CONTROL_CANCEL) worker_.cancel();
  client->send(worker_.progress());
}

void Control::begin_checkpoint(const cairn_control_request& request, UniqueFd descriptor,
                               std::shared_ptr<Client> client) {
  const int wake = answered_.get();
  const auto answer = [client, wake](const cairn_control_reply& reply) {
    client->send(reply);
    client->answered.store(true);
    eventfd_write(wake, 1);
  };
  using enum ControlJob::Asker;
  std::optional<Leader> leader;
  if ((request.flags & CAIRN_CONTROL_MEMBER) != 0) {
    leader = Leader{[client](const cairn_control_reply& reply) { client->send(reply); },
                    [client](double seconds) { return next_order(client->socket.get(), seconds); }};
  }
  if (worker_.start(std::make_shared<ControlJob>(request, std::move(descriptor), other_process, answer, leader,
                                                 peer_of(client->socket.get()).pid))) {
    client_ = std::move(client);
  } else {
    client->send_final(CAIRN_EXIT_TEMPORARY, "another checkpoint of this process is being taken");
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
    const std::int64_t rested = clock_now(CLOCK_THREAD_CPUTIME_ID);
    pollfd waiting[3] = {{listening_.get(), POLLIN, 0},
                         {answered_.get(), POLLIN, 0},
                         {client_ ? client_->socket.get() : -1, POLLRDHUP, 0}};
    const int n = poll(waiting, 3, client_ ? kProgressMilliseconds : -1);
    if (n < 0 && errno != EINTR) return;
    if (!for_client_) for_client_.emplace(rested);
    eventfd_t count = 0;
    if ((waiting[1].revents & POLLIN) != 0) eventfd_read(answered_.get(), &count);
    if ((waiting[2].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 && !client_->answered.load()) {
      worker_.cancel();
      client_.reset();
    }
    look_after_client();
    if ((waiting[0].revents & POLLIN) != 0) accept_one();
    if (!client_) for_client_.reset();
  }
}

std::unique_ptr<Control> control;  // lives as long as the process

}  // namespace

bool begin_own_checkpoint(const cairn_control_request& request, UniqueFd descriptor, ControlJob::Answer answer) {
  using enum ControlJob::Asker;
  if (!is_original_process()) return false;  // a copy: nobody works there
  return control->worker().start(
      std::make_shared<ControlJob>(request, std::move(descriptor), program, std::move(answer)));
}

void open_control() { control = std::make_unique<Control>(); }

void control_after_fork() noexcept { control->stop_listening(); }

void serve_control() {
  state::give_back_lent_capabilities();
  control->work_for_ever();
}

void start_control() {
  state::note_standard_files();
  state::note_start_credentials();
  state::set_kept_free(is_kept_free);
  set_request_self(request_own_checkpoint);
  std::thread([] {
    state::give_back_lent_capabilities();
    control->listen_for_ever();
  }).detach();
}

}  // namespace cairn::host
