// SPDX-License-Identifier: Apache-2.0
#include "pmix/coordinator/tool_client.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "pmix/coordinator/tool_channel.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {

struct PendingReply::Call {
  UniqueFd socket;
  IncomingFrame frame{kLongestAnswer};
};

namespace {

constexpr char kSilent[] = "mpirun does not answer (is it stopped?)";

bool readable_before(int socket, const Deadline& end, int or_until = -1) {
  pollfd wishes[] = {{socket, POLLIN, 0}, {or_until, POLLIN, 0}};
  for (;;) {
    const int n = ::poll(wishes, std::size(wishes), end.milliseconds());
    if (n >= 0) return wishes[0].revents != 0;
    if (errno != EINTR) throw TemporaryError(with_errno("waiting for mpirun", errno));
  }
}

std::string hear(int socket, std::size_t length, const std::string& mpirun, const Deadline& end) {
  std::string heard(length, '\0');
  for (std::size_t done = 0; done < heard.size();) {
    if (!readable_before(socket, end)) throw TemporaryError(mpirun + " does not answer; is it stopped?");
    const ssize_t n = ::recv(socket, heard.data() + done, heard.size() - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw TemporaryError("no connection to " + mpirun + ": it has closed it (has its job ended?)");
    done += static_cast<std::size_t>(n);
  }
  return heard;
}

// Whoever listens there speaks our language, and is awake.
void await_greeting(int socket, const std::string& mpirun, const Deadline& end) {
  if (hear(socket, kToolGreeting.size(), mpirun, end) != kToolGreeting)
    throw TemporaryError("no connection to " + mpirun + ": it was started by another version of Cairn");
}

// Small enough for the socket's buffer, where it waits until mpirun reads it.
void send_request(int socket, const std::string& frame) {
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t n = ::send(socket, frame.data() + done, frame.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw TemporaryError(with_errno("asking mpirun", errno));
    done += static_cast<std::size_t>(n);
  }
}

// It takes its directory with it, unless it was killed.
bool is_gone(const MpirunAddress& mpirun) {
  return (::access(mpirun.directory.c_str(), F_OK) != 0 && errno == ENOENT) ||
         (::kill(mpirun.pid, 0) != 0 && errno == ESRCH);
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
    if (!call_->frame.take_from(call_->socket.get()))
      throw TemporaryError("no answer from mpirun: it has closed the connection (has its job ended?)");
  }
  return Record::decode(call_->frame.text());
}

PendingReply ToolClient::begin(const Record& request) {
  const std::string mpirun = "mpirun (process " + std::to_string(mpirun_.pid) + ")";
  auto call = std::make_unique<PendingReply::Call>();
  bool in_directory = !mpirun_.cookie.empty();
  try {
    if (in_directory) call->socket = connect_to_mpirun(mpirun_.directory, mpirun_.owner, patience_);
  } catch (const TemporaryError&) {
    in_directory = false;
  }
  try {
    if (!in_directory) call->socket = connect_by_number(mpirun_.pid, mpirun_.owner, patience_);
  } catch (const TemporaryError& error) {
    if (is_gone(mpirun_)) throw PermanentError("the job has ended, and " + mpirun + " with it");
    throw TemporaryError("no connection to " + mpirun + ": " + error.what());
  }
  const Deadline end(patience_);
  await_greeting(call->socket.get(), mpirun, end);
  const std::string cookie = in_directory ? mpirun_.cookie : hear(call->socket.get(), kCookieLength, mpirun, end);
  send_request(call->socket.get(), make_frame(cookie, request.encode()));
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
