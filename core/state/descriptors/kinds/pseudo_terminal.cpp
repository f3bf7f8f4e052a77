// SPDX-License-Identifier: Apache-2.0
// Pseudo-terminals of which the process or its group has the master. The master's owner saves all, and takes out and
// puts back what is under way (terminal_content.hpp); slaves are opened again by the name that there is now.
#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/descriptors/terminal_content.hpp"
#include "core/state/descriptors/terminal_pair.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {
namespace {

constexpr std::size_t kMostContent = 1U << 20, kMostLines = 1U << 16;
constexpr std::size_t kMostHeld = 512;  // numbers that are taken for a moment, to have a higher one
constexpr int kWays = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

struct TerminalDetail {
  std::string path;  // of the master
  std::uint32_t number = 0, mode = 0;
  TerminalSettings settings;
  std::array<std::uint16_t, 4> window{};  // rows, columns, pixels either way
  bool locked = false, packets = false, master_exclusive = false, slave_exclusive = false;
  std::int32_t session = 0, foreground = 0;  // whose terminal it is, and which process group may read; 0: none
  TerminalContent content;
  template <class Archive>
  void fields(Archive& a) {
    a(path, number, mode, settings, window, locked, packets, master_exclusive, slave_exclusive, session, foreground,
      content);
  }
};

struct TerminalEnd {
  bool master = false;
  template <class Archive>
  void fields(Archive& a) {
    a(master);
  }
};

bool is_master(const OpenFile& file) { return is_terminal_master(file.status); }

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("terminal " + shortened(file.path) + at(file) + " cannot be saved yet: " + why);
}

[[noreturn]] void refuse_outside(const OpenFile& file) {
  const std::string start = was_open_at_start(file) ? ", which was open when the program was started (start it with " +
                                                          std::to_string(file.fd) + ">&- if it has no use for it),"
                                                    : "";
  throw TemporaryError("device " + shortened(file.path) + at(file) + start +
                       " cannot be saved: it is a terminal of a process that is not saved with it");
}

ObjectIdentity identify(const OpenFile& file) {
  const auto pair = pair_of(file);
  if (!pair) refuse(file, "its other end is not found in " + slave_directory(file.path));
  return *pair;
}

bool flag_of(int fd, unsigned long request) {
  int value = 0;
  return ioctl(fd, request, &value) == 0 && value != 0;
}

// Both ends of one that is saved. Another slave, which is opened for a moment, changes nothing where one is open, or
// was.
class Ends {
 public:
  Ends(const OpenFile& master, const ObjectEnds& ends, bool others_have_slave) : master_(master.fd) {
    const bool known =
        others_have_slave || std::any_of(ends.begin(), ends.end(), [](auto* e) { return !is_master(*e); });
    pollfd look{master.fd, POLLIN, 0};
    poll(&look, 1, 0);
    if (!known && (look.revents & POLLHUP) == 0)
      refuse(master, "nobody that is saved has opened its other end, in which something may wait");
    if (flag_of(master.fd, TIOCGPKT) && (look.revents & POLLPRI) != 0)
      refuse(master, "it has news (TIOCPKT) that have not been read");
    locked_ = flag_of(master.fd, TIOCGPTLCK);
    set_lock(false);
    const auto number = terminal_number(master.info);
    const std::string path = slave_directory(master.path) + "/" + std::to_string(number.value_or(0));
    opened_.reset(open(path.c_str(), O_RDWR | kWays));
    const int error = errno;
    slave_ = opened_.get();
    // Who has it for himself alone (TIOCEXCL) has it open.
    for (const OpenFile* end : ends) {
      if (slave_ < 0 && !is_master(*end) && (end->flags & O_ACCMODE) == O_RDWR) slave_ = end->fd;
    }
    if (slave_ >= 0) return;
    set_lock(locked_);
    refuse(master, with_errno(path + " cannot be opened", error));
  }
  ~Ends() {
    opened_.reset();
    set_lock(locked_);
  }
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  int master() const noexcept { return master_; }
  int slave() const noexcept { return slave_; }
  bool locked() const noexcept { return locked_; }

 private:
  void set_lock(bool locked) const {
    const int value = locked ? 1 : 0;
    if (locked_) ioctl(master_, TIOCSPTLCK, &value);
  }
  const int master_;
  int slave_ = -1;
  bool locked_ = false;
  UniqueFd opened_;
};

void check_disciplines(const OpenFile& master, const Ends& ends) {
  for (const int fd : {ends.master(), ends.slave()}) {
    int discipline = 0;
    if (ioctl(fd, TIOCGETD, &discipline) == 0 && discipline != N_TTY)
      refuse(master, "it has line discipline " + std::to_string(discipline));
  }
  struct termios locks {};
  const struct termios none {};
  if (ioctl(ends.slave(), TIOCGLCKTRMIOS, &locks) != 0) return;
  if (locks.c_iflag != 0 || locks.c_oflag != 0 || locks.c_cflag != 0 || locks.c_lflag != 0 ||
      !std::equal(std::begin(locks.c_cc), std::end(locks.c_cc), std::begin(none.c_cc)))
    refuse(master, "its settings are locked (TIOCSLCKTRMIOS)");
}

// The session that the first process is in is not made again.
void look_at_session(const OpenFile& master, TerminalDetail& detail) {
  if (ioctl(master.fd, TIOCGSID, &detail.session) != 0) {
    detail.session = 0;
    return;
  }
  const GroupScope* scope = group_scope();
  const bool made_again = scope != nullptr && scope->leader != detail.session && may_be_of_group(detail.session);
  if (!made_again)
    refuse(master, "it is the terminal of session " + std::to_string(detail.session) +
                       ", whose leader is the first process that is saved, or none of them");
  if (ioctl(master.fd, TIOCGPGRP, &detail.foreground) != 0) detail.foreground = 0;
}

void look_at_window(int master, TerminalDetail& detail) {
  winsize window{};
  if (ioctl(master, TIOCGWINSZ, &window) == 0)
    detail.window = {window.ws_row, window.ws_col, window.ws_xpixel, window.ws_ypixel};
}

TerminalDetail save_whole(const OpenFile& master, const ObjectEnds& ends, bool others_have_slave) {
  TerminalDetail detail;
  detail.path = master.path;
  detail.number = terminal_number(master.info).value_or(0);
  look_at_session(master, detail);
  look_at_window(master.fd, detail);
  const Ends both(master, ends, others_have_slave);
  check_disciplines(master, both);
  const auto settings = settings_of(master.fd);
  struct stat slave {};
  if (!settings || fstat(both.slave(), &slave) != 0) refuse(master, with_errno("its settings are not known", errno));
  detail.settings = *settings;
  detail.mode = slave.st_mode & ALLPERMS;
  detail.locked = both.locked();
  detail.packets = flag_of(master.fd, TIOCGPKT);
  detail.master_exclusive = flag_of(master.fd, TIOCGEXCL);
  detail.slave_exclusive = flag_of(both.slave(), TIOCGEXCL);
  TerminalExchange exchange(both.master(), both.slave(), *settings);
  if (const std::string much = exchange.too_much(); !much.empty()) refuse(master, "it has " + much);
  detail.content = exchange.take();
  if (!exchange.put(detail.content)) refuse(master, with_errno("what was under way did not fit again", errno));
  return detail;
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& all, context::Writer* /*writer*/) {
  const auto found = std::find_if(ends.begin(), ends.end(), [](const OpenFile* end) { return is_master(*end); });
  const OpenFile& file = found != ends.end() ? **found : *ends.front();
  const ObjectIdentity pair = identify(file);
  if (found == ends.end()) {
    if (!sharing_is_open()) refuse_outside(file);
    return {};
  }
  if (const std::string holder = all.other_holder(file); !holder.empty()) refuse(file, holder + " has it open, too");
  if (!all.guest_stands()) return {};
  const GroupSharing* sharing = group_sharing();
  const MemberFile* group = sharing != nullptr ? sharing->file(pair.device, pair.inode) : nullptr;
  TerminalDetail detail = save_whole(file, ends, group != nullptr && group->reads);
  return encode(detail);
}

TerminalDetail detail_of(const SharedObject& object) {
  return decode<TerminalDetail>(object.detail, "ipc, a terminal");
}

void check_object(const SharedObject& object) {
  const TerminalDetail detail = detail_of(object);
  std::size_t bytes = detail.content.rest.size() + detail.content.output.size();
  for (const auto& line : detail.content.lines) bytes += line.size();
  if (!detail.path.starts_with("/") || bytes > kMostContent || detail.content.lines.size() > kMostLines ||
      detail.session < 0 || detail.foreground < 0 || detail.mode > ALLPERMS ||
      detail.content.stop > OutputStop::by_user)
    throw PermanentError("a terminal makes no sense");
}

TerminalEnd end_of(const Description& description) {
  return decode<TerminalEnd>(detail_of<EndDetail>(description).own, "files, " + description.path);
}

void check(const Description& description) {
  static_cast<void>(end_of(description));
  if ((description.flags & O_PATH) != 0)
    throw PermanentError("the description of " + description.path + " makes no sense");
}

class Maker {
 public:
  explicit Maker(const TerminalDetail& detail) : detail_(detail) {}
  std::vector<UniqueFd> make(std::span<const Description* const> ends, Making& making);

 private:
  void take_number();
  UniqueFd open_slave(int flags) const;
  void set_up() const;
  void lock_up() const;
  [[noreturn]] static void fail(const std::string& what) {
    throw EnvironmentError(with_errno("a terminal of the program " + what, errno));
  }

  const TerminalDetail& detail_;
  UniqueFd master_, slave_;
  unsigned number_ = 0;
};

// The kernel gives the lowest that is free.
void Maker::take_number() {
  std::vector<std::pair<unsigned, UniqueFd>> held;
  do {
    UniqueFd fd(open(detail_.path.c_str(), O_RDWR | kWays));
    struct stat status {};
    if (!fd || fstat(fd.get(), &status) != 0) break;
    if (!is_terminal_master(status) || ioctl(fd.get(), TIOCGPTN, &number_) != 0) break;
    held.emplace_back(number_, std::move(fd));
  } while (number_ < detail_.number && held.size() < kMostHeld);
  if (held.empty()) fail("cannot be made (" + detail_.path + ")");
  auto& [number, fd] = held.back().first == detail_.number ? held.back() : held.front();
  number_ = number;
  master_ = std::move(fd);
}

UniqueFd Maker::open_slave(int flags) const {
  const std::string path = slave_directory(detail_.path) + "/" + std::to_string(number_);
  UniqueFd fd(open(path.c_str(), (flags & O_ACCMODE) | kWays));
  if (!fd) fail("cannot be opened (" + path + ")");
  return fd;
}

void Maker::set_up() const {
  const winsize window{detail_.window[0], detail_.window[1], detail_.window[2], detail_.window[3]};
  if (ioctl(master_.get(), TIOCSWINSZ, &window) != 0) fail("cannot have its size");
  struct stat status {};
  if (fstat(slave_.get(), &status) == 0 && (status.st_mode & ALLPERMS) != detail_.mode)
    fchmod(slave_.get(), detail_.mode);
  TerminalExchange exchange(master_.get(), slave_.get(), detail_.settings);
  if (!exchange.put(detail_.content)) fail("cannot have its settings and content again");
}

// When all ends are open.
void Maker::lock_up() const {
  const int on = 1;
  if (detail_.master_exclusive) ioctl(master_.get(), TIOCEXCL);
  if (detail_.slave_exclusive) ioctl(slave_.get(), TIOCEXCL);
  if (detail_.locked) ioctl(master_.get(), TIOCSPTLCK, &on);
  if (detail_.packets) ioctl(master_.get(), TIOCPKT, &on);
}

std::vector<UniqueFd> Maker::make(std::span<const Description* const> ends, Making& making) {
  take_number();
  const int off = 0;
  if (ioctl(master_.get(), TIOCSPTLCK, &off) != 0) fail("cannot be unlocked");
  slave_ = open_slave(O_RDWR);
  set_up();
  std::vector<UniqueFd> made(ends.size());
  UniqueFd* master = nullptr;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (!end_of(*ends[i]).master) {
      made[i] = open_slave(static_cast<int>(ends[i]->flags));
    } else if (std::exchange(master, &made[i]) != nullptr) {
      throw PermanentError("a terminal has its master twice");
    }
  }
  if (master == nullptr) throw PermanentError("a terminal has no master");
  lock_up();
  if (number_ != detail_.number)
    making.notes.push_back("the program's terminal " + std::to_string(detail_.number) + " is " +
                           slave_directory(detail_.path) + "/" + std::to_string(number_) +
                           " now: another has its number");
  if (detail_.session != 0) making.terminals.push_back({detail_.session, detail_.foreground, std::move(slave_)});
  *master = std::move(master_);
  return made;
}

std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& making) {
  const TerminalDetail detail = detail_of(parts.front().object);
  return Maker(detail).make(ends, making);
}

bool recognise(const OpenFile& file) {
  return (is_master(file) || is_terminal_slave(file.status)) && (file.flags & O_PATH) == 0;
}

// Sessions get theirs before there are hosts.
constexpr ObjectKind kTerminal = {
    .identify = identify, .save = save, .check = check_object, .make = make, .made_first = true};

}  // namespace

extern const DescriptorKind pseudo_terminal_descriptor;
const DescriptorKind pseudo_terminal_descriptor = {
    .number = 22,
    .name = "pseudo-terminal",
    .inheritable = false,
    .recognise = recognise,
    .describe =
        [](const OpenFile& file, const OpenFiles& /*all*/) {
          TerminalEnd end{is_master(file)};
          return encode(end);
        },
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation =
        {"pseudo-terminal, master and slaves",
         "settings, size, what was not read either way (the line under edit, too), ^S, packet mode, lock; the session "
         "whose terminal it is, and its foreground group",
         "the master must be in the process or its tree, with all slaves; the number is kept if it is free; not the "
         "column of the cursor; refused: more than 2,000 bytes of unread lines, unread news of packet mode, a slave "
         "that nobody has ever opened, another line discipline",
         "tests/state/descriptors/terminals.cpp"},
    .object = &kTerminal,
};

}  // namespace cairn::state
