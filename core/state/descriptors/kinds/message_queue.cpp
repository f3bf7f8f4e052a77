// SPDX-License-Identifier: Apache-2.0
// POSIX message queues (mq_open). The kernel shows messages to nobody: they are received, and sent again in the same
// order while the program and its tree stand.
#include "core/state/descriptors/kinds/message_queue.hpp"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/made.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

constexpr int kFlagsOfOpening = O_ACCMODE | O_NONBLOCK;

bool recognise(const OpenFile& file) {
  return file.standard < 0 && (file.flags & O_PATH) == 0 &&
         is_message_queue("/proc/self/fd/" + std::to_string(file.fd), file.status);
}

std::string name_of(const OpenFile& file) { return "message queue " + shortened(file.path) + at(file); }

std::vector<std::uint8_t> describe(const OpenFile& /*file*/, const OpenFiles& /*all*/) { return {}; }

// Another description, so that neither waits for the other and flags stay as they are.
UniqueFd open_again(int fd, int flags) {
  return UniqueFd(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), flags | O_CLOEXEC));
}

std::vector<QueueMessage> receive_all(int queue, std::int64_t most_bytes, const std::string& name) {
  std::vector<QueueMessage> messages;
  std::vector<char> room(static_cast<std::size_t>(most_bytes));
  for (;;) {
    QueueMessage message;
    const ssize_t n = mq_receive(queue, room.data(), room.size(), &message.priority);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return messages;
    if (n < 0) throw EnvironmentError(with_errno("the messages in " + name, errno));
    message.text.assign(room.begin(), room.begin() + n);
    messages.push_back(std::move(message));
  }
}

void send_all(int queue, const std::vector<QueueMessage>& messages, const std::string& name) {
  for (const QueueMessage& message : messages) {
    const auto* text = reinterpret_cast<const char*>(message.text.data());
    int failed = 0;
    while ((failed = mq_send(queue, text, message.text.size(), message.priority)) != 0 && errno == EINTR) {
    }
    if (failed != 0) throw EnvironmentError(with_errno("a message in " + name + " cannot be sent again", errno));
  }
}

// "QSIZE:129 NOTIFY:2 SIGNO:0 NOTIFY_PID:8260". By what the program has opened: when its process closes any descriptor
// of the queue, the kernel forgets whom it is to tell.
bool has_notification(const ObjectEnds& ends) {
  const auto reading =
      std::find_if(ends.begin(), ends.end(), [](const OpenFile* end) { return (end->flags & O_ACCMODE) != O_WRONLY; });
  if (reading == ends.end()) return (load(host::guest()->untold) & CAIRN_UNTOLD_NOTIFICATION) != 0;
  char text[256] = {};
  if (pread((*reading)->fd, text, sizeof text - 1, 0) <= 0) return true;
  const std::string_view shown = text;
  const std::size_t found = shown.find("NOTIFY_PID:");
  return found != std::string_view::npos && to_number(split_words(shown.substr(found + 11)).at(0)) != 0;
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* writer) {
  const OpenFile& file = *ends.front();
  if (const std::string holder = all.other_holder(file); !holder.empty())
    throw TemporaryError(name_of(file) + " cannot be saved yet: " + holder + " has it open, too");
  QueueDetail detail;
  detail.removed = file.status.st_nlink == 0;
  detail.name = detail.removed ? without_deleted(file.path) : file.path;
  detail.mode = file.status.st_mode & 0777;
  mq_attr attributes{};
  if (mq_getattr(file.fd, &attributes) != 0) throw TemporaryError(with_errno(name_of(file), errno));
  detail.most_messages = attributes.mq_maxmsg;
  detail.most_bytes = attributes.mq_msgsize;
  if (has_notification(ends))
    throw TemporaryError(name_of(file) +
                         " cannot be saved yet: somebody is to be told of its next message (mq_notify)");
  const UniqueFd queue = open_again(file.fd, O_RDWR | O_NONBLOCK);
  if (!queue)
    throw TemporaryError(with_errno(name_of(file) + " cannot be saved, since it cannot be read and written", errno));
  if (writer != nullptr && attributes.mq_curmsgs != 0) {
    detail.messages = receive_all(queue.get(), detail.most_bytes, name_of(file));
    send_all(queue.get(), detail.messages, name_of(file));
  }
  return encode(detail);
}

QueueDetail detail_of(const SharedObject& object) { return decode<QueueDetail>(object.detail, "ipc, a message queue"); }

void check_object(const SharedObject& object) {
  const QueueDetail detail = detail_of(object);
  const auto fits = [&](const QueueMessage& message) {
    return static_cast<std::int64_t>(message.text.size()) <= detail.most_bytes;
  };
  if (!detail.name.starts_with("/") || (detail.mode & ~0777u) != 0 || detail.most_messages <= 0 ||
      detail.most_bytes <= 0 || static_cast<std::int64_t>(detail.messages.size()) > detail.most_messages ||
      !std::all_of(detail.messages.begin(), detail.messages.end(), fits))
    throw PermanentError("the message queue " + detail.name + " makes no sense");
}

void check(const Description& description) {
  if ((description.flags & O_PATH) != 0 || !detail_of<EndDetail>(description).own.empty())
    throw PermanentError("the description of " + description.path + " makes no sense");
}

[[noreturn]] void fail(const QueueDetail& detail, const std::string& what) {
  throw EnvironmentError("the message queue " + detail.name + ", which the program had open, " + what);
}

// One that is still there is taken, if nobody has it open.
UniqueFd make_queue(const QueueDetail& detail) {
  const std::string name = detail.removed ? "/cairn-" + std::to_string(getpid()) : detail.name;
  mq_attr wanted{};
  wanted.mq_maxmsg = detail.most_messages;
  wanted.mq_msgsize = detail.most_bytes;
  constexpr int kFlags = O_RDWR | O_NONBLOCK;
  UniqueFd low(mq_open(name.c_str(), O_CREAT | O_EXCL | kFlags, detail.mode | 0600, &wanted));
  if (low && !detail.removed) note_made([name] { mq_unlink(name.c_str()); });
  if (!low && errno == EEXIST && !detail.removed) low.reset(mq_open(name.c_str(), kFlags));
  UniqueFd queue(low ? fcntl(low.get(), F_DUPFD_CLOEXEC, 0) : -1);  // by the host's: out of the program's way
  if (!queue) fail(detail, with_errno("cannot be made again", errno));
  if (detail.removed) mq_unlink(name.c_str());
  mq_attr now{};
  struct stat status {};
  if (mq_getattr(queue.get(), &now) != 0 || fstat(queue.get(), &status) != 0)
    fail(detail, with_errno("cannot be looked at", errno));
  if (now.mq_maxmsg != wanted.mq_maxmsg || now.mq_msgsize != wanted.mq_msgsize)
    fail(detail, "is there, but has room for other messages than it had");
  if (const std::string holder = OtherHolders().of({status.st_dev, status.st_ino}); !holder.empty())
    fail(detail, "is used by " + holder);
  return queue;
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& /*making*/) {
  const QueueDetail detail = detail_of(parts.front().object);
  const UniqueFd queue = make_queue(detail);
  static_cast<void>(receive_all(queue.get(), detail.most_bytes, detail.name));
  send_all(queue.get(), detail.messages, detail.name);
  if (fchmod(queue.get(), detail.mode | 0600) != 0) fail(detail, with_errno("cannot have its mode", errno));
  std::vector<UniqueFd> made;
  for (const Description* end : ends) {
    made.push_back(open_again(queue.get(), static_cast<int>(end->flags) & kFlagsOfOpening));
    if (!made.back()) fail(detail, with_errno("cannot be opened", errno));
  }
  if (fchmod(queue.get(), detail.mode) != 0) fail(detail, with_errno("cannot have its mode", errno));
  return made;
}

constexpr ObjectKind kMessageQueue = {
    .identify = identity_of,
    .save = save,
    .check = check_object,
    .make = make,
};

}  // namespace

extern const DescriptorKind message_queue_descriptor;
const DescriptorKind message_queue_descriptor = {
    .number = message_queue_number,
    .name = "POSIX message queue",
    .inheritable = false,
    .recognise = recognise,
    .describe = describe,
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation = {"POSIX message queue (mq_open)", "name, how much it takes, mode, messages with their priorities",
                      "made again, or, if it is still there and nobody has it open, made what it was; not if a process "
                      "outside of the tree has it open, or somebody is to be told of a message (mq_notify)",
                      "tests/state/descriptors/message_queues.cpp"},
    .object = &kMessageQueue,
};

}  // namespace cairn::state
