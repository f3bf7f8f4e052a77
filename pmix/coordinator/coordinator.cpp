// SPDX-License-Identifier: Apache-2.0
// The coordinator's threads, its link to rank 0's agent, and what it answers at once. Requests for a checkpoint are
// carried out in coordinator_attempt.cpp.
#include "pmix/coordinator/coordinator.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "core/base/error.hpp"
#include "pmix/agent/agent_link.hpp"

namespace cairn::pmix {
namespace {

constexpr double kHandshakeSeconds = 10;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Coordinator::Coordinator(Settings settings)
    : settings_(std::move(settings)),
      key_(make_link_key()),
      listener_(listen_tcp(port_)),
      store_(settings_.parent_directory + "/" + manifest::snapshot_name(static_cast<std::uint64_t>(::getpid()))) {}

std::map<std::string, std::string> Coordinator::environment() const {
  std::string where = std::to_string(port_) + ";";
  for (const std::string& address : local_addresses()) where += (where.back() == ';' ? "" : ",") + address;
  return {{kCoordinatorVariable, where}, {kCoordinatorKeyVariable, to_hex(key_)}};
}

void Coordinator::start() {
  std::thread([this] { accept_loop(); }).detach();
}

void Coordinator::accept_loop() {
  for (;;) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    // A thread each: somebody who connects and says nothing must not keep the agent out.
    std::thread([this, s = std::make_shared<UniqueFd>(std::move(socket))] { serve_link(std::move(*s)); }).detach();
  }
}

void Coordinator::serve_link(UniqueFd socket) {
  std::shared_ptr<SecureLink> link;
  bool first_job = false;
  try {
    link = std::make_shared<SecureLink>(std::move(socket), key_, true, kHandshakeSeconds);
    const auto hello = link->receive(kHandshakeSeconds);
    if (!hello || hello->type() != "hello") return;
    {
      const std::lock_guard lock(mutex_);
      first_job = job_name_.empty();
      if (first_job) {
        job_name_ = hello->get("job");
        size_ = hello->get_u64("size");
        link_ = link;
        had_link_ = true;
      } else {
        spawned_ = true;
      }
      changed_.notify_all();
    }
    for (;;) {
      if (const auto message = link->receive(-1); message && first_job) receive(*message);
    }
  } catch (const std::exception&) {
    // The agent is gone, or it was none.
  }
  const std::lock_guard lock(mutex_);
  if (first_job) link_.reset();
  changed_.notify_all();
}

void Coordinator::receive(const Record& message) {
  const std::lock_guard lock(mutex_);
  const std::string type = message.type();
  if (type == "results") {
    results_ = message;
  } else if (type == "survey") {
    survey_ = message;
  } else if (type == "refused") {
    refusal_ = message;
  } else if (type == "closed") {
    closed_ = true;
  }
  changed_.notify_all();
}

void Coordinator::job_ended(const std::string& how) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  how_ended_ = how;
  changed_.notify_all();
}

bool Coordinator::checkpointed_and_stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void Coordinator::request(const Record& request, Reply reply) {
  const std::string type = request.type();
  if (type == "checkpoint") {
    std::thread([this, request, reply = std::move(reply)] { run_attempt(request, reply); }).detach();
  } else if (type == "status") {
    std::thread([this, reply = std::move(reply)] { reply(status()); }).detach();
  } else if (type == "list") {
    reply(list());
  } else {
    reply(Record("failed")
              .set("code", int{CAIRN_EXIT_ARGUMENTS})
              .set("text", "mpirun's coordinator does not know the request '" + type + "'"));
  }
}

std::optional<Record> Coordinator::survey(double seconds, double margin) {
  std::unique_lock lock(mutex_);
  const auto link = link_;
  if (!link) return std::nullopt;
  const std::uint64_t id = next_survey_++;
  survey_.reset();
  lock.unlock();
  try {
    link->send(Record("survey").set("id", id).set("seconds", seconds));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  lock.lock();
  changed_.wait_for(lock, std::chrono::duration<double>(seconds + margin),
                    [&] { return over() || (survey_ && survey_->get_u64("id") == id); });
  return survey_ && survey_->get_u64("id") == id ? survey_ : std::nullopt;
}

Record Coordinator::status() {
  Record result("status");
  bool running = false, connected = false;
  std::uint64_t size = 0;
  {
    const std::lock_guard lock(mutex_);
    running = running_id_ != 0;
    connected = link_ != nullptr;
    size = size_;
    result.set("state", running ? "checkpointing" : over() ? "ended" : connected ? "running" : "starting");
    result.set("seconds", running ? now() - running_since_ : 0.0).set("ranks", size_);
  }
  if (!running || !connected) return result;
  const auto answers = survey(1, 2);
  for (std::uint64_t r = 0; answers && r < size; ++r) {
    const std::string name = "r" + std::to_string(r);
    if (!answers->has(name)) {
      result.set(name, Record("state").set("phase", "silent").encode());
    } else {
      result.set(name, answers->get(name));
    }
  }
  if (!answers) result.set("r0", Record("state").set("phase", "silent").encode());
  return result;
}

Record Coordinator::list() const {
  const std::lock_guard lock(store_mutex_);
  Record result("list");
  result.set("snapshot", store_.directory());
  for (const auto& [number, sequence] : store_.manifest().sequences) {
    std::uint64_t bytes = 0;
    for (const auto& rank : sequence.ranks) bytes += rank.bytes;
    Record one("sequence");
    one.set("taken", sequence.taken).set("seconds", sequence.seconds).set("bytes", bytes);
    result.set("s" + std::to_string(number), one.encode());
  }
  return result;
}

}  // namespace cairn::pmix
