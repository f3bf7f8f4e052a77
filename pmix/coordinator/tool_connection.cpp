// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_connection.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace cairn::pmix {
namespace {

constexpr double kAskingSeconds = 5;      // a tool sends its request at once
constexpr double kAnsweringSeconds = 10;  // for a tool that does not read

}  // namespace

ToolConnection::ToolConnection(UniqueFd socket, std::string_view greeting)
    : socket_(std::move(socket)), deadline_(kAskingSeconds) {
  // The socket is new, and its buffer empty.
  const ssize_t n = ::send(socket_.get(), greeting.data(), greeting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(greeting.size())) end();
}

pollfd ToolConnection::wish() const {
  const short events = state_ == State::asking ? POLLIN : state_ == State::answering ? POLLOUT : 0;
  return {socket_.get(), events, 0};
}

bool ToolConnection::progress(short events) {
  if (state_ == State::asking) {
    if (!incoming_.take_from(socket_.get())) end();
    return incoming_.whole();
  }
  if (state_ == State::answering) write_on();
  if (state_ == State::served && (events & (POLLHUP | POLLERR)) != 0) socket_.reset();
  return false;
}

void ToolConnection::serve() {
  state_ = State::served;
  deadline_ = Deadline::never();
  incoming_ = IncomingFrame(kLongestRequest);
}

void ToolConnection::answer(std::string frame) {
  if (!socket_) return end();
  state_ = State::answering;
  deadline_ = Deadline(kAnsweringSeconds);
  outgoing_ = std::move(frame);
  write_on();
}

// What the kernel has taken the tool can read, even when mpirun is no more.
void ToolConnection::write_on() {
  while (sent_ < outgoing_.size()) {
    const ssize_t n =
        ::send(socket_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) break;
    sent_ += static_cast<std::size_t>(n);
  }
  end();
}

void ToolConnection::end() {
  socket_.reset();
  state_ = State::over;
}

}  // namespace cairn::pmix
