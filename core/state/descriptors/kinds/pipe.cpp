// SPDX-License-Identifier: Apache-2.0
// Pipes and FIFOs of which the process and its group have all ends that there are.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/pipe_content.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {
namespace {

constexpr std::uint32_t kMostCapacity = 1u << 31;

struct PipeDetail {
  std::string path;  // of a FIFO
  std::uint32_t capacity = 0;
  // Of a FIFO without writers: there have been some, so that readers see a hangup.
  bool had_writers = true;
  PipeContent content;
  template <class Archive>
  void fields(Archive& a) {
    a(path, capacity, had_writers, content);
  }
};

bool reads(int flags) { return (flags & O_ACCMODE) != O_WRONLY; }
bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }
bool is_fifo(const OpenFile& file) { return !file.path.starts_with("pipe:"); }
std::string name_of(const OpenFile& file) {
  return (is_fifo(file) ? "named pipe " + shortened(file.path) : std::string("pipe")) + at(file);
}

bool recognise(const OpenFile& file) {
  if (!S_ISFIFO(file.status.st_mode) || (file.flags & O_PATH) != 0 || file.path.empty()) return false;
  return !is_fifo(file) || is_at_its_path(file);
}

short poll_now(int fd) {
  pollfd look{fd, POLLIN | POLLOUT, 0};
  return poll(&look, 1, 0) >= 0 ? look.revents : 0;
}

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  const std::string start = was_open_at_start(file) ? ", which was open when the program was started (start it with " +
                                                          std::to_string(file.fd) + ">&- if it has no use for it)"
                                                    : "";
  throw TemporaryError(name_of(file) + start + " cannot be saved yet: " + why);
}

const OpenFile* find_end(const ObjectEnds& ends, bool (*has)(int)) {
  const auto found = std::find_if(ends.begin(), ends.end(), [has](const OpenFile* end) { return has(end->flags); });
  return found == ends.end() ? nullptr : *found;
}

// How others of the group have it open.
MemberFile of_group(const OpenFile& file) {
  const GroupSharing* sharing = group_sharing();
  const MemberFile* known = sharing != nullptr ? sharing->file(file.status.st_dev, file.status.st_ino) : nullptr;
  return known != nullptr ? *known : MemberFile{};
}

// An end that neither the process nor its group has must not be there at all. A FIFO that was opened before anybody
// wrote to it shows no hangup; then nobody must be found.
void check_ends(const ObjectEnds& ends, const OpenFiles& all) {
  const OpenFile& file = *ends.front();
  const std::string holder = all.other_holder(file);
  if (!holder.empty()) refuse(file, holder + " has it open, too");
  if (sharing_is_open()) return;
  const MemberFile group = of_group(file);
  const bool lone_reader = find_end(ends, writes) == nullptr && !group.writes;
  const bool lone_writer = find_end(ends, reads) == nullptr && !group.reads;
  const short seen = lone_reader || lone_writer ? poll_now(file.fd) : 0;
  if ((lone_writer && (seen & POLLERR) == 0) || (lone_reader && (seen & POLLHUP) == 0 && !is_fifo(file)))
    refuse(file, "another process has its other end, or it lies in a socket");
  if (lone_reader && (seen & (POLLHUP | POLLIN)) == POLLIN) refuse(file, "another process writes to it");
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  check_ends(ends, all);
  PipeDetail detail;
  const OpenFile& file = *ends.front();
  const OpenFile* const reading = find_end(ends, reads);
  if (is_fifo(file)) detail.path = file.path;
  // Who asks for more waits for a splice(2) under way, which keeps the pipe while it waits for a socket.
  if (!all.guest_stands()) return encode(detail);
  const int capacity = fcntl(file.fd, F_GETPIPE_SZ);
  if (capacity <= 0) refuse(file, with_errno("its size is not known", errno));
  detail.capacity = static_cast<std::uint32_t>(capacity);
  detail.had_writers = find_end(ends, writes) != nullptr || of_group(file).writes || (poll_now(file.fd) & POLLHUP) != 0;
  if (reading == nullptr) return encode(detail);  // without readers nobody will read it
  if (fcntl(file.fd, F_SETPIPE_SZ, static_cast<long>(capacity)) < 0 && errno == EBUSY)
    refuse(file, "the kernel sends notifications through it (O_NOTIFICATION_PIPE)");
  try {
    detail.content = look_into_pipe(reading->fd, detail.capacity);
  } catch (const TemporaryError& error) {
    refuse(file, std::string("it ") + error.what());
  }
  return encode(detail);
}

PipeDetail detail_of(const SharedObject& object) { return decode<PipeDetail>(object.detail, "ipc, a pipe"); }

void check_object(const SharedObject& object) {
  const PipeDetail detail = detail_of(object);
  std::size_t bytes = 0;
  for (const auto& piece : detail.content.pieces) bytes += piece.size();
  const bool empty_piece = std::any_of(detail.content.pieces.begin(), detail.content.pieces.end(),
                                       [](const auto& piece) { return piece.empty(); });
  if (detail.capacity == 0 || detail.capacity > kMostCapacity || bytes > detail.capacity || empty_piece ||
      (!detail.path.empty() && !detail.path.starts_with("/")) ||
      (!detail.content.packets && detail.content.pieces.size() > 1))
    throw PermanentError("the content of a pipe makes no sense");
}

void check(const Description& description) {
  const auto end = detail_of<EndDetail>(description);
  if (!end.own.empty() || (description.flags & O_PATH) != 0)
    throw PermanentError("the description of " + description.path + " makes no sense");
}

// The ends of one pipe. Those that pipe2() does not give are opened through /proc, which never waits for another end.
class Maker {
 public:
  explicit Maker(const PipeDetail& detail) : detail_(detail) {}
  std::vector<UniqueFd> make(std::span<const Description* const> ends);

 private:
  void begin();
  void fill();
  UniqueFd open_end(int flags) const;
  [[noreturn]] void fail(const std::string& what, int error) const {
    const std::string name =
        detail_.path.empty() ? "a pipe of the program" : "named pipe " + detail_.path + ", which the program had open,";
    const std::string text = name + " " + what;
    throw EnvironmentError(error != 0 ? with_errno(text, error) : text);
  }

  const PipeDetail& detail_;
  UniqueFd reading_, writing_;  // a FIFO: `writing_` reads, too
};

void Maker::begin() {
  if (detail_.path.empty()) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("cannot be made", errno);
    reading_.reset(ends[0]);
    writing_.reset(ends[1]);
    return;
  }
  if (!detail_.had_writers) return;
  writing_.reset(open(detail_.path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!writing_ || fstat(writing_.get(), &status) != 0) fail("cannot be opened", errno);
  if (!S_ISFIFO(status.st_mode)) fail("is of another kind now", 0);
  int unread = 0;
  if (ioctl(writing_.get(), FIONREAD, &unread) != 0 || unread != 0) fail("has content of others now", 0);
}

void Maker::fill() {
  if (!writing_) return;
  const auto capacity = static_cast<long>(detail_.capacity);
  if (fcntl(writing_.get(), F_GETPIPE_SZ) != capacity && fcntl(writing_.get(), F_SETPIPE_SZ, capacity) < 0)
    fail("cannot have its " + std::to_string(capacity) +
             " bytes again (/proc/sys/fs/pipe-max-size and pipe-user-pages-soft are the limits)",
         errno);
  if (!fill_pipe(writing_.get(), detail_.content)) fail("cannot be filled", errno);
}

UniqueFd Maker::open_end(int flags) const {
  const std::string path =
      writing_ ? "/proc/self/fd/" + std::to_string(writing_.get()) : detail_.path;  // whoever has it there
  UniqueFd fd(open(path.c_str(), (flags & O_ACCMODE) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!fd) fail("cannot be opened", errno);
  return fd;
}

std::vector<UniqueFd> Maker::make(std::span<const Description* const> ends) {
  begin();
  fill();
  std::vector<UniqueFd> made(ends.size());
  UniqueFd *first_reading = nullptr, *first_writing = nullptr;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const int flags = static_cast<int>(ends[i]->flags);
    if (detail_.path.empty() && !writes(flags) && first_reading == nullptr) {
      first_reading = &made[i];
    } else if (detail_.path.empty() && !reads(flags) && first_writing == nullptr) {
      first_writing = &made[i];
    } else {
      made[i] = open_end(flags);
    }
  }
  if (first_reading != nullptr) *first_reading = std::move(reading_);
  if (first_writing != nullptr) *first_writing = std::move(writing_);
  return made;
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& /*making*/) {
  const PipeDetail detail = detail_of(parts.front().object);
  return Maker(detail).make(ends);
}

constexpr ObjectKind kPipeObject = {
    .identify = identity_of,
    .save = save,
    .check = check_object,
    .make = make,
};

}  // namespace

extern const DescriptorKind pipe_descriptor;
const DescriptorKind pipe_descriptor = {
    .number = 6,
    .name = "pipe",
    .inheritable = false,
    .recognise = recognise,
    .describe = [](const OpenFile& /*file*/, const OpenFiles& /*all*/) { return std::vector<std::uint8_t>(); },
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation = {"pipe, FIFO", "content (packets too), size, flags; which ends there are",
                      "all ends must be in the process or its tree, as far as it may look at others; a FIFO must be at "
                      "its path, and empty when it is opened again; what is in a pipe without readers is lost",
                      "tests/state/descriptors/pipes.cpp"},
    .object = &kPipeObject,
};

}  // namespace cairn::state
