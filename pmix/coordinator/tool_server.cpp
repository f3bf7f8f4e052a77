// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_server.hpp"

#include <poll.h>
#include <sodium.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "pmix/transport/messages.hpp"
#include "pmix/transport/record_fields.hpp"

namespace cairn::pmix {
namespace {

using State = ToolConnection::State;

constexpr std::size_t kAsking = 64;   // connections whose request is not whole
constexpr std::size_t kAtOnce = 32;   // accepted before what others have sent meanwhile is read
constexpr std::size_t kServed = 256;  // requests without an answer, or with one on its way
constexpr std::chrono::milliseconds kShortage{50};

std::string failed(int code, const std::string& text) { return make_frame({}, to_record(Failed{code, text}).encode()); }

}  // namespace

struct ToolServer::Mailbox {
  UniqueFd bell{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::map<std::uint64_t, std::string> answers;  // frames, by connection
  std::size_t unanswered = 0;                    // connections that are served or being answered
  bool closing = false;

  void ring() const {
    const std::uint64_t one = 1;
    while (::write(bell.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  }
  void quiet() const {
    std::uint64_t count = 0;
    while (::read(bell.get(), &count, sizeof count) < 0 && errno == EINTR) {
    }
  }
  void post(std::uint64_t id, std::string frame) {
    {
      const std::lock_guard lock(mutex);
      if (closing) return;
      answers.try_emplace(id, std::move(frame));
    }
    ring();
  }
  void note_unanswered(std::size_t count) {
    const std::lock_guard lock(mutex);
    unanswered = count;
    changed.notify_all();
  }
};

ToolServer::ToolServer(const std::string& directory, const std::string& cookie, Handler handler)
    : cookie_(cookie),
      handler_(std::move(handler)),
      listener_(listen_for_tools(directory)),
      by_number_(listen_by_number()),
      mailbox_(std::make_shared<Mailbox>()) {
  if (sodium_init() < 0) throw EnvironmentError("libsodium cannot be initialised");
  if (!mailbox_->bell) throw EnvironmentError(with_errno("no event descriptor for ompi-checkpoint", errno));
  thread_ = std::thread([this] { serve(); });
}

ToolServer::~ToolServer() {
  {
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->closing = true;
  }
  mailbox_->ring();
  thread_.join();
}

void ToolServer::drain(double seconds) {
  std::unique_lock lock(mailbox_->mutex);
  mailbox_->changed.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return mailbox_->unanswered == 0; });
}

void ToolServer::serve() {
  for (;;) {
    {
      const std::lock_guard lock(mailbox_->mutex);
      if (mailbox_->closing) return;
    }
    try {
      serve_once();
    } catch (const std::exception&) {  // no memory: what tools want can wait, the job cannot
      std::this_thread::sleep_for(kShortage);
    }
  }
}

void ToolServer::serve_once() {
  std::vector<pollfd> polled{
      {mailbox_->bell.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}, {by_number_.get(), POLLIN, 0}};
  const std::size_t first = polled.size();
  std::vector<std::uint64_t> ids;
  Deadline next = Deadline::never();
  for (const auto& [id, connection] : connections_) {
    polled.push_back(connection.wish());
    ids.push_back(id);
    if (connection.deadline().when() < next.when()) next = connection.deadline();
  }
  if (::poll(polled.data(), polled.size(), next.milliseconds()) < 0) return;
  if (polled[0].revents != 0) deliver();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const short events = polled[first + i].revents;
    ToolConnection& connection = connections_.at(ids[i]);
    if (events != 0 && connection.progress(events)) take(ids[i], connection);
  }
  sweep();
  if (polled[1].revents != 0) accept_tools(listener_.get(), kToolGreeting);
  if (polled[2].revents != 0) accept_tools(by_number_.get(), std::string(kToolGreeting) + cookie_);
}

void ToolServer::deliver() {
  mailbox_->quiet();
  std::map<std::uint64_t, std::string> answers;
  {
    const std::lock_guard lock(mailbox_->mutex);
    answers.swap(mailbox_->answers);
  }
  for (auto& [id, frame] : answers) {
    const auto found = connections_.find(id);
    if (found != connections_.end() && found->second.state() == State::served) found->second.answer(std::move(frame));
  }
}

void ToolServer::accept_tools(int listener, std::string_view greeting) {
  for (std::size_t i = 0; i < kAtOnce; ++i) {
    UniqueFd socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      // Descriptors or memory are short: others will give some back. The rest is the connection's own fault.
      if (errno != EAGAIN && errno != EINTR && code_of_errno(errno) == CAIRN_EXIT_TEMPORARY) {
        make_room();
        std::this_thread::sleep_for(kShortage);
      }
      return;
    }
    const auto user = user_behind(socket.get());
    if (!user || (*user != 0 && *user != ::geteuid())) continue;
    if (count(true) >= kAsking) make_room();
    connections_.try_emplace(next_id_++, std::move(socket), greeting);
  }
}

// The oldest that has not asked yet goes.
void ToolServer::make_room() {
  const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                   [](const auto& entry) { return entry.second.state() == State::asking; });
  if (oldest != connections_.end()) connections_.erase(oldest);
}

void ToolServer::take(std::uint64_t id, ToolConnection& connection) {
  const std::string_view request = connection.request();
  const std::string_view shown = request.substr(0, kCookieLength);
  if (shown.size() != cookie_.size() || sodium_memcmp(shown.data(), cookie_.data(), shown.size()) != 0)
    return connection.answer(failed(CAIRN_EXIT_ENVIRONMENT, "mpirun refuses: only the job's owner or root may ask"));
  if (count(false) >= kServed)
    return connection.answer(failed(CAIRN_EXIT_TEMPORARY, "mpirun serves too many requests already; ask again later"));
  try {
    const Record record = Record::decode(request.substr(kCookieLength));
    connection.serve();
    mailbox_->note_unanswered(count(false));
    handler_(record,
             [mailbox = mailbox_, id](const Record& answer) { mailbox->post(id, make_frame({}, answer.encode())); });
  } catch (const std::exception& error) {
    connection.answer(failed(code_of(error), std::string("mpirun cannot serve the request: ") + error.what()));
  }
}

void ToolServer::sweep() {
  std::erase_if(connections_, [](const auto& entry) {
    return entry.second.state() == State::over || entry.second.deadline().passed();
  });
  mailbox_->note_unanswered(count(false));
}

std::size_t ToolServer::count(bool asking) const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [asking](const auto& entry) {
    return (entry.second.state() == State::asking) == asking;
  }));
}

}  // namespace cairn::pmix
