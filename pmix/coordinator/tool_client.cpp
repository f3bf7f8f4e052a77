// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "pmix/coordinator/tool_channel.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {

struct PendingReply::Call {
  MpirunAddress mpirun;
  UniqueFd socket;
  IncomingFrame frame{kLongestAnswer};
};

namespace {

constexpr double kSecondsToEnd = 2;
constexpr std::chrono::milliseconds kLook{10};
constexpr char kSilent[] = "mpirun does not answer (is it stopped?)";

bool readable_before(int socket, const Deadline& end, int or_until = -1) {
  pollfd wishes[] = {{socket, POLLIN, 0}, {or_until, POLLIN, 0}};
  for (;;) {
    const int n = ::poll(wishes, std::size(wishes), end.milliseconds());
    if (n >= 0) return wishes[0].revents != 0;
    if (errno != EINTR) throw TemporaryError(with_errno("waiting for mpirun", errno));
  }
}

std::string name_of(const MpirunAddress& mpirun) { return "mpirun (process " + std::to_string(mpirun.pid) + ")"; }

// It takes its directory, if we know one, with it, unless it was killed.
bool is_gone(const MpirunAddress& mpirun) {
  const bool no_directory = ::access(mpirun.directory.c_str(), F_OK) != 0 && errno == ENOENT;
  return (no_directory && !mpirun.cookie.empty()) || has_ended(mpirun.pid);
}

[[noreturn]] void throw_gone(const MpirunAddress& mpirun) {
  throw PermanentError("the job has ended, and " + name_of(mpirun) + " with it");
}

// It has closed a connection. A process that ends does so a moment before it can be seen to have ended.
[[noreturn]] void throw_closed(const MpirunAddress& mpirun, const std::string& what) {
  for (const Deadline end(kSecondsToEnd); !end.passed(); std::this_thread::sleep_for(kLook))
    if (is_gone(mpirun)) throw_gone(mpirun);
  throw TemporaryError(what + name_of(mpirun) + ": it has closed the connection");
}

std::string hear(int socket, std::size_t length, const MpirunAddress& mpirun, const Deadline& end) {
  std::string heard(length, '\0');
  for (std::size_t done = 0; done < heard.size();) {
    if (!readable_before(socket, end)) throw TemporaryError(name_of(mpirun) + " does not answer; is it stopped?");
    const ssize_t n = ::recv(socket, heard.data() + done, heard.size() - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw_closed(mpirun, "no connection to ");
    done += static_cast<std::size_t>(n);
  }
  return heard;
}

// Whoever listens there speaks our language, and is awake.
void await_greeting(int socket, const MpirunAddress& mpirun, const Deadline& end) {
  if (hear(socket, kToolGreeting.size(), mpirun, end) != kToolGreeting)
    throw TemporaryError("no connection to " + name_of(mpirun) + ": it was started by another version of Cairn");
}

// Small enough for the socket's buffer, where it waits until mpirun reads it.
void send_request(int socket, const MpirunAddress& mpirun, const std::string& frame) {
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t n = ::send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) throw_closed(mpirun, "no connection to ");
    if (n < 0) throw TemporaryError(with_errno("asking mpirun", errno));
    done += static_cast<std::size_t>(n);
  }
}

}  // namespace

PendingReply::PendingReply(std::unique_ptr<Call> call) : call_(std::move(call)) {}
PendingReply::PendingReply(PendingReply&&) noexcept = default;
PendingReply& PendingReply::operator=(PendingReply&&) noexcept = default;
PendingReply::~PendingReply() = default;

std::optional<Record> PendingReply::wait(double seconds, int or_until) {
  const Deadline end(seconds);
  while (!call_->frame.whole()) {
    if (!readable_before(call_->socket.get(), end, or_until)) return std::nullopt;
    if (!call_->frame.take_from(call_->socket.get())) throw_closed(call_->mpirun, "no answer from ");
  }
  return Record::decode(call_->frame.text());
}

PendingReply ToolClient::begin(const Record& request) {
  auto call = std::make_unique<PendingReply::Call>();
  call->mpirun = mpirun_;
  bool in_directory = !mpirun_.cookie.empty();
  try {
    if (in_directory) call->socket = connect_to_mpirun(mpirun_.directory, mpirun_.owner, patience_);
  } catch (const TemporaryError&) {
    in_directory = false;
  }
  try {
    if (!in_directory) call->socket = connect_by_number(mpirun_.pid, mpirun_.owner, patience_);
  } catch (const TemporaryError& error) {
    if (is_gone(mpirun_)) throw_gone(mpirun_);
    throw TemporaryError("no connection to " + name_of(mpirun_) + ": " + error.what());
  }
  const Deadline end(patience_);
  await_greeting(call->socket.get(), mpirun_, end);
  const std::string cookie = in_directory ? mpirun_.cookie : hear(call->socket.get(), kCookieLength, mpirun_, end);
  send_request(call->socket.get(), mpirun_, make_frame(cookie, request.encode()));
  return PendingReply(std::move(call));
}

PendingReply ToolClient::begin_checkpoint(CheckpointWish wish) {
  wish.ticket = ticket_ = to_hex(make_link_key());
  return begin(to_record(wish));
}

bool ToolClient::withdraw(double seconds) {
  const auto reply = begin(to_record(Withdrawal{ticket_})).wait(seconds);
  if (!reply) throw TemporaryError(kSilent);
  return is<Withdrawn>(*reply);
}

Record ToolClient::query(const Record& request, double seconds) {
  const auto reply = begin(request).wait(seconds);
  if (!reply) throw TemporaryError(kSilent);
  if (is<Failed>(*reply)) {
    const auto failed = from_record<Failed>(*reply);
    throw Error(failed.code, failed.text);
  }
  return *reply;
}

JobStatus ToolClient::status(double seconds) { return from_record<JobStatus>(query(Record(JobStatus::type), seconds)); }

SequenceList ToolClient::list(double seconds) {
  return from_record<SequenceList>(query(Record(SequenceList::type), seconds));
}

}  // namespace cairn::pmix
