// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/terminal_content.hpp"

#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>

#include "core/base/deadline.hpp"

namespace cairn::state {
namespace {

using Bytes = TerminalContent::Bytes;

constexpr int kDiscipline = 4096;                   // bytes that the line discipline holds of what was not read
constexpr int kSafeLines = 2048, kSafeRest = 4000;  // so that nothing waits behind it, not yet processed
constexpr double kPatience = 5;                     // seconds, for the kernel's own work on few kilobytes
constexpr useconds_t kLook = 50;                    // microseconds
constexpr std::uint32_t kChangesInput = ISTRIP | INLCR | IGNCR | ICRNL | IUCLC | PARMRK | IXON;
constexpr std::uint32_t kActsOnInput = ECHO | ISIG | ICANON;

void append(Bytes& all, const Bytes& more) { all.insert(all.end(), more.begin(), more.end()); }

// One read(). Nothing when there is no more.
std::optional<Bytes> take_once(int fd) {
  Bytes bytes(kDiscipline);
  const ssize_t got = read(fd, bytes.data(), bytes.size());
  if (got < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

// The kernel has then done all that it had to do for what was written before: a read() that finds nothing waits for it.
Bytes take_all(int fd) {
  Bytes all;
  for (auto bytes = take_once(fd); bytes && !bytes->empty(); bytes = take_once(fd)) append(all, *bytes);
  return all;
}

int waiting(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : 0;
}

// Everything that was in a terminal fits into one again only if it is packed as closely as the kernel can. Its buffers
// hold twice what they are asked for (drivers/tty/tty_buffer.c), new ones are made up to a limit of their sum, and the
// last one may be the largest there is. None is begun before what goes to the line discipline has gone there.
constexpr std::size_t kPiece = 256, kLargest = 1792, kLast = 2 * kLargest, kEarly = 2 * kDiscipline;

// `writing` does not block. `reading`: the other end, unless it reads by lines, or -1.
bool give_all(int writing, int reading, std::span<const std::uint8_t> bytes) {
  const Deadline patience(kPatience);
  const std::size_t all = bytes.size();
  while (!bytes.empty()) {
    const bool early = all - bytes.size() < kEarly;
    if (!early && reading >= 0 && waiting(reading) < kDiscipline - 1 && !patience.passed()) {
      usleep(kLook);
      continue;
    }
    const std::size_t piece = std::min(bytes.size(), bytes.size() > kLast ? kPiece : kLargest);
    const ssize_t written = write(writing, bytes.data(), piece);
    if (written < 0 && (errno != EAGAIN || patience.passed())) return false;
    if (written < 0) usleep(kLook);
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool takes_output(int slave) {
  pollfd look{slave, POLLOUT, 0};
  return poll(&look, 1, 0) == 1 && (look.revents & POLLOUT) != 0;
}

template <class Condition>
bool wait_until(const Condition& condition) {
  for (const Deadline patience(kPatience); !condition(); usleep(kLook)) {
    if (patience.passed()) return false;
  }
  return true;
}

// Characters that mean something, while lines are put into a terminal. All others mean nothing then.
struct Signs {
  explicit Signs(const TerminalSettings& settings) : ends{'\n', settings.characters[VEOL], settings.characters[VEOL2]} {
    std::uint8_t next = 1;
    for (std::uint8_t* sign : {&quote, &end_of_file, &stop, &start}) {
      while (is_end(next)) ++next;
      *sign = next++;
    }
  }
  // 0 is none.
  bool is_end(std::uint8_t c) const { return c != 0 && std::find(ends.begin(), ends.end(), c) != ends.end(); }
  bool is_sign(std::uint8_t c) const { return is_end(c) || c == quote || c == end_of_file || c == stop || c == start; }
  void add_quoted(Bytes& stream, std::uint8_t c) const {
    if (is_sign(c)) stream.push_back(quote);
    stream.push_back(c);
  }

  std::array<std::uint8_t, 3> ends;
  std::uint8_t quote = 0, end_of_file = 0, stop = 0, start = 0;
};

}  // namespace

bool TerminalSettings::canonical() const noexcept { return (local & ICANON) != 0 && (local & EXTPROC) == 0; }

std::optional<TerminalSettings> settings_of(int fd) {
  struct termios2 now {};
  if (ioctl(fd, TCGETS2, &now) != 0) return std::nullopt;
  TerminalSettings settings{now.c_iflag, now.c_oflag, now.c_cflag,  now.c_lflag,
                            now.c_line,  {},          now.c_ispeed, now.c_ospeed};
  std::copy_n(now.c_cc, settings.characters.size(), settings.characters.begin());
  return settings;
}

TerminalExchange::TerminalExchange(int master, int slave, const TerminalSettings& settings)
    : master_(master),
      slave_(slave),
      settings_(settings),
      master_flags_(fcntl(master, F_GETFL)),
      slave_flags_(fcntl(slave, F_GETFL)) {
  fcntl(master_, F_SETFL, master_flags_ | O_NONBLOCK);
  fcntl(slave_, F_SETFL, slave_flags_ | O_NONBLOCK);
  const int off = 0;
  if (ioctl(master_, TIOCGPKT, &packets_) == 0 && packets_ != 0) ioctl(master_, TIOCPKT, &off);
  pid_t foreground = 0;
  const pid_t own = getpgrp();
  if (ioctl(slave_, TIOCGPGRP, &foreground) == 0 && foreground != own && ioctl(slave_, TIOCSPGRP, &own) == 0)
    foreground_ = foreground;
}

TerminalExchange::~TerminalExchange() {
  if (foreground_ >= 0) ioctl(slave_, TIOCSPGRP, &foreground_);
  if (packets_ != 0) ioctl(master_, TIOCPKT, &packets_);
  fcntl(slave_, F_SETFL, slave_flags_);
  fcntl(master_, F_SETFL, master_flags_);
}

bool TerminalExchange::set(const TerminalSettings& settings) const {
  struct termios2 wanted {};
  wanted.c_iflag = settings.input;
  wanted.c_oflag = settings.output;
  wanted.c_cflag = settings.control;
  wanted.c_lflag = settings.local;
  wanted.c_line = settings.line;
  std::copy(settings.characters.begin(), settings.characters.end(), wanted.c_cc);
  wanted.c_ispeed = settings.input_speed;
  wanted.c_ospeed = settings.output_speed;
  return ioctl(master_, TCSETS2, &wanted) == 0;
}

// Nothing is changed, nothing echoed, no character means anything.
TerminalSettings TerminalExchange::quiet(bool canonical) const {
  TerminalSettings quiet = settings_;
  quiet.input = quiet.output = 0;
  quiet.local &= EXTPROC | ICANON;
  if (settings_.canonical() && !canonical) quiet.local = 0;
  quiet.characters.fill(0);
  quiet.characters[VMIN] = 1;
  return quiet;
}

std::string TerminalExchange::too_much() const {
  if (settings_.canonical() && waiting(slave_) >= kSafeLines)
    return "more than 2,000 bytes of input lines that have not been read";
  const bool plain = (settings_.input & kChangesInput) == 0 && (settings_.local & kActsOnInput) == 0;
  if (!settings_.canonical() && !plain && waiting(slave_) >= kSafeRest)
    return "as much input that has not been read as it takes";
  return {};
}

// The output has been taken: who cannot write now has been stopped.
OutputStop TerminalExchange::find_stop() const {
  if (takes_output(slave_)) return OutputStop::none;
  ioctl(slave_, TCXONC, TCOON);  // ends what a program has done, and not ^S
  return takes_output(slave_) ? OutputStop::by_program : OutputStop::by_user;
}

TerminalContent TerminalExchange::take() {
  TerminalContent content;
  if (settings_.canonical()) {
    while (auto line = take_once(slave_)) content.lines.push_back(std::move(*line));
  } else {
    content.rest = take_all(slave_);
  }
  content.output = take_all(master_);
  content.stop = find_stop();
  set(quiet(false));
  if (settings_.canonical()) content.rest = take_all(slave_);
  // What was to be echoed, and did not fit.
  static_cast<void>(!write(slave_, "", 0));
  append(content.output, take_all(master_));
  return content;
}

// The kernel does its work later, by the settings that there are then: they are changed again when a character that
// stops the output, behind all others, has done so.
bool TerminalExchange::put_lines(const TerminalContent& content) const {
  if (content.lines.empty() && content.rest.empty()) return set(quiet(false));
  const Signs signs(settings_);
  TerminalSettings by_lines = quiet(true);
  by_lines.input = IXON;
  by_lines.local |= IEXTEN;
  by_lines.characters[VLNEXT] = signs.quote;
  by_lines.characters[VEOF] = signs.end_of_file;
  by_lines.characters[VSTOP] = signs.stop;
  by_lines.characters[VSTART] = signs.start;
  by_lines.characters[VEOL] = settings_.characters[VEOL];
  by_lines.characters[VEOL2] = settings_.characters[VEOL2];
  if (!set(by_lines)) return false;
  Bytes stream;
  for (const Bytes& line : content.lines) {
    const bool ended = !line.empty() && signs.is_end(line.back());
    for (std::size_t i = 0; i + (ended ? 1 : 0) < line.size(); ++i) signs.add_quoted(stream, line[i]);
    stream.push_back(ended ? line.back() : signs.end_of_file);
  }
  for (const std::uint8_t c : content.rest) signs.add_quoted(stream, c);
  stream.push_back(signs.stop);
  if (!give_all(master_, -1, stream)) return false;
  wait_until([this] { return !takes_output(slave_); });
  return give_all(master_, -1, {&signs.start, 1}) && wait_until([this] { return takes_output(slave_); });
}

bool TerminalExchange::put_raw(const Bytes& bytes) const {
  if (!set(quiet(false)) || !give_all(master_, slave_, bytes)) return false;
  const int held = std::min(static_cast<int>(bytes.size()), kDiscipline - 1);
  wait_until([&] { return waiting(slave_) >= held; });
  return true;
}

bool TerminalExchange::stop_again(OutputStop stop) const {
  const std::uint8_t sign = settings_.characters[VSTOP];
  const bool by_sign = stop == OutputStop::by_user && (settings_.input & IXON) != 0 && sign != 0;
  if (stop == OutputStop::none) return true;
  if (!by_sign) return ioctl(slave_, TCXONC, TCOOFF) == 0;
  return give_all(master_, -1, {&sign, 1}) && wait_until([this] { return !takes_output(slave_); });
}

bool TerminalExchange::put(const TerminalContent& content) {
  const bool input = settings_.canonical() ? put_lines(content) : put_raw(content.rest);
  const bool output = give_all(slave_, master_, content.output);
  const bool settings = set(settings_);
  return input && output && settings && stop_again(content.stop);
}

}  // namespace cairn::state
