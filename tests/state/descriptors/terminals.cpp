// SPDX-License-Identifier: Apache-2.0
// Pseudo-terminals of one process: what was not read either way, lines and the one under edit, settings, size, packet
// mode, locks, output that has been stopped, ends that have been closed, descriptors that share an end, threads that
// wait.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>

#include <atomic>
#include <string>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

struct Terminal {
  int master = -1, slave = -1;
};

void set_flag(int fd, int flag) { CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | flag) == 0); }

termios modes_of(int fd) {
  termios modes{};
  CHECK(tcgetattr(fd, &modes) == 0);
  return modes;
}

void set_modes(int fd, const termios& modes) { CHECK(tcsetattr(fd, TCSANOW, &modes) == 0); }

// Non-blocking at both ends.
Terminal make_terminal(bool raw) {
  Terminal made;
  CHECK(openpty(&made.master, &made.slave, nullptr, nullptr, nullptr) == 0);
  set_flag(made.master, O_NONBLOCK);
  set_flag(made.slave, O_NONBLOCK);
  termios modes = modes_of(made.slave);
  if (raw) cfmakeraw(&modes);
  if (raw) set_modes(made.slave, modes);
  return made;
}

void put(int fd, const std::string& text) {
  CHECK_EQUAL(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// What one read() gives.
std::string take(int fd, std::size_t most = 8192) {
  std::string text(most, '\0');
  const ssize_t n = read(fd, text.data(), most);
  if (n < 0) return "errno " + std::to_string(errno);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

std::string take_all(int fd) {
  std::string all;
  for (std::string next; !(next = take(fd)).empty() && !next.starts_with("errno ");) all += next;
  return all;
}

short look(int fd, short events = POLLIN | POLLOUT) {
  pollfd file{fd, events, 0};
  poll(&file, 1, 0);
  return file.revents;
}

// What is written arrives a little later.
void wait_for_input(int fd) {
  pollfd file{fd, POLLIN, 0};
  CHECK(poll(&file, 1, 20000) == 1);
}

int waiting(int fd) {
  int n = -1;
  ioctl(fd, FIONREAD, &n);
  return n;
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>((seed = seed * 1103515245u + 12345u) >> 16);
  return text;
}

// As much as it takes, in small pieces.
std::string fill(int fd, unsigned seed, std::size_t piece) {
  std::string all;
  for (int tries = 0; tries < 200;) {
    const std::string next = pattern(piece, seed++);
    const ssize_t n = write(fd, next.data(), next.size());
    if (n > 0) all += next.substr(0, static_cast<std::size_t>(n));
    if (n > 0) continue;
    ++tries;  // the kernel moves it on, and there may be room again
    subject::nap();
  }
  return all;
}

// Small pieces, until it takes one more, and then the largest that the kernel makes a buffer for.
std::string fill_most(int fd, unsigned seed) {
  std::string all;
  for (int i = 0; i < 80; ++i) {
    const std::string next = pattern(i < 79 ? 256 : 20000, seed++);
    ssize_t n = write(fd, next.data(), next.size());
    if (i % 16 == 15) usleep(20000);
    if (n > 0) all += next.substr(0, static_cast<std::size_t>(n));
  }
  return all + fill(fd, seed, 1792);
}

int value_of(int fd, unsigned long request) {
  int value = -1;
  return ioctl(fd, request, &value) == 0 ? value : -1;
}

// Whatever number it has now.
bool is_named(int slave, bool gone = false) {
  char name[64];
  struct stat open {
  }, there{};
  if (fstat(slave, &open) != 0 || (gone && open.st_nlink != 0)) return false;
  if (gone) return true;
  return ttyname_r(slave, name, sizeof name) == 0 && stat(name, &there) == 0 && there.st_rdev == open.st_rdev &&
         there.st_ino == open.st_ino;
}

const std::string again = "errno " + std::to_string(EAGAIN), broken = "errno " + std::to_string(EIO);

#define CHECK_TEXT(a, b)                                                                                   \
  do {                                                                                                     \
    const std::string &a_ = (a), &b_ = (b);                                                                \
    if (a_ != b_)                                                                                          \
      subject::fail(__FILE__, __LINE__,                                                                    \
                    std::string(#a) + ": " + a_.substr(0, 80) + " instead of " + b_.substr(0, 80) + "; " + \
                        std::to_string(a_.size()) + " bytes instead of " + std::to_string(b_.size()));     \
  } while (0)

}  // namespace

int main(int, char** argv) {
  signal(SIGHUP, SIG_IGN);
  // Bytes of all values both ways, and all that a raw one is set to.
  const Terminal raw = make_terminal(true);
  termios chosen = modes_of(raw.slave);
  chosen.c_cc[VMIN] = 3;
  chosen.c_cc[VTIME] = 7;
  cfsetspeed(&chosen, B9600);
  set_modes(raw.slave, chosen);
  const winsize size{33, 77, 640, 480};
  CHECK(ioctl(raw.slave, TIOCSWINSZ, &size) == 0);
  std::string values(256, '\0');
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<char>(i);
  put(raw.master, values + values);
  put(raw.slave, values + "output");
  const int same = dup(raw.slave), high = fcntl(raw.master, F_DUPFD_CLOEXEC, 77);
  char name[64];
  CHECK(ttyname_r(raw.slave, name, sizeof name) == 0 && fchmod(raw.slave, 0600) == 0);
  const int reading = open(name, O_RDONLY | O_NOCTTY | O_CLOEXEC);
  const int writing = open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK);

  // Lines, and one under edit, with echo.
  const Terminal lines = make_terminal(false);
  termios modes = modes_of(lines.slave);
  modes.c_cc[VEOL] = '!';
  set_modes(lines.slave, modes);
  put(lines.master, "first\rsecond!third\x04\x04quoted\x16\nline\rpax\x7f");
  wait_for_input(lines.slave);
  while (look(lines.slave, POLLIN) == 0 || waiting(lines.slave) < 30) subject::nap();
  // Not by lines, but echoed and translated.
  const Terminal keys = make_terminal(false);
  modes = modes_of(keys.slave);
  modes.c_lflag &= ~static_cast<tcflag_t>(ICANON);
  set_modes(keys.slave, modes);
  put(keys.master, "ab\rc");
  while (waiting(keys.slave) < 4) subject::nap();

  // As much as goes into it, either way.
  const Terminal full = make_terminal(true);
  const std::string input = fill(full.master, 5, 100), output = fill(full.slave, 6, 7);
  // The most that ever goes in, whatever it was written by.
  const Terminal dense = make_terminal(true);
  const std::string dense_input = fill(dense.master, 15, 1792), dense_output = fill_most(dense.slave, 16);
  const Terminal full_lines = make_terminal(false);
  const std::string much = fill(full_lines.slave, 7, 900);  // with what OPOST makes of it

  // Packet mode; locked; for one alone.
  const Terminal packets = make_terminal(true);
  const int on = 1;
  CHECK(ioctl(packets.master, TIOCPKT, &on) == 0);
  put(packets.slave, "a packet");
  const Terminal locked = make_terminal(true);
  CHECK(ioctl(locked.master, TIOCSPTLCK, &on) == 0 && ioctl(locked.slave, TIOCEXCL) == 0 &&
        ioctl(locked.master, TIOCEXCL) == 0);
  put(locked.master, "locked in");

  // Output that has been stopped, by ^S and by a program.
  const Terminal held = make_terminal(false), halted = make_terminal(false);
  put(held.slave, "before");
  put(held.master, "\x13");
  while ((look(held.slave) & POLLOUT) != 0) subject::nap();
  put(halted.slave, "before");
  CHECK(tcflow(halted.slave, TCOOFF) == 0);

  // Ends that have been closed.
  const Terminal no_slave = make_terminal(false), no_master = make_terminal(false), both_lost = make_terminal(true);
  put(no_slave.slave, "last words\n");
  put(no_slave.master, "for nobody yet\n");
  close(no_slave.slave);
  close(no_master.master);
  const int lost_too = dup(both_lost.slave);
  close(both_lost.master);

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const Terminal watched = make_terminal(false);
  for (const int fd : {watched.master, watched.slave}) {
    epoll_event event{EPOLLIN, {.fd = fd}};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  }

  // Threads that wait for one to read, to write.
  Terminal awaited, blocked;
  CHECK(openpty(&awaited.master, &awaited.slave, nullptr, nullptr, &size) == 0);
  CHECK(openpty(&blocked.master, &blocked.slave, nullptr, nullptr, &size) == 0);
  modes = modes_of(blocked.slave);
  cfmakeraw(&modes);
  set_modes(blocked.slave, modes);
  std::string came;
  const std::string long_text = pattern(100000, 9);
  std::atomic<ssize_t> written = -1;
  std::thread reader([&] { came = take(awaited.slave); });
  std::thread writer([&] { written = write(blocked.slave, long_text.data(), long_text.size()); });
  while (waiting(blocked.master) < 4095) subject::nap();
  const Terminal busy = make_terminal(false);
  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps);
    put(busy.master, step + "\r");
    wait_for_input(busy.slave);
    CHECK_TEXT(take(busy.slave), step + "\n");
    std::string echoed = take_all(busy.master);
    for (int i = 0; i < 2000 && echoed.size() < step.size() + 2; ++i) subject::nap(), echoed += take_all(busy.master);
    CHECK_TEXT(echoed, step + "\r\n");
    subject::nap();
  });

  termios now = modes_of(raw.slave);
  CHECK(now.c_cc[VMIN] == 3 && now.c_cc[VTIME] == 7 && cfgetospeed(&now) == B9600 && cfgetispeed(&now) == B9600 &&
        now.c_lflag == chosen.c_lflag && now.c_iflag == chosen.c_iflag && now.c_oflag == chosen.c_oflag &&
        now.c_cflag == chosen.c_cflag);
  winsize size_now{};
  CHECK(ioctl(high, TIOCGWINSZ, &size_now) == 0 && memcmp(&size, &size_now, sizeof size) == 0);
  struct stat status {};
  CHECK(fstat(raw.slave, &status) == 0 && (status.st_mode & 07777) == 0600);
  CHECK(is_named(raw.slave) && is_named(reading));
  CHECK((fcntl(raw.slave, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(reading, F_GETFL) & O_NONBLOCK) == 0 &&
        (fcntl(writing, F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == (O_NONBLOCK | O_WRONLY) &&
        fcntl(high, F_GETFD) == FD_CLOEXEC && fcntl(reading, F_GETFD) == FD_CLOEXEC && fcntl(raw.slave, F_GETFD) == 0);
  set_flag(same, O_APPEND);
  CHECK((fcntl(raw.slave, F_GETFL) & O_APPEND) != 0 && (fcntl(writing, F_GETFL) & O_APPEND) == 0);
  CHECK_TEXT(take(reading, 256), values);
  CHECK_TEXT(take(same), values);
  CHECK_TEXT(take_all(high), values + "output");
  put(writing, "more");
  wait_for_input(raw.master);
  CHECK_TEXT(take(raw.master), "more");

  CHECK_TEXT(take(lines.slave), "first\n");
  CHECK_TEXT(take(lines.slave), "second!");
  CHECK_TEXT(take(lines.slave), "third");
  CHECK_TEXT(take(lines.slave), "");
  CHECK_TEXT(take(lines.slave), "quoted\nline\n");
  CHECK_TEXT(take(lines.slave), again);
  CHECK_TEXT(take_all(lines.master), "first\r\nsecond!thirdquoted^\b^Jline\r\npax\b \b");
  put(lines.master,
      "\x7f"
      "d!");
  wait_for_input(lines.slave);
  CHECK_TEXT(take(lines.slave), "pd!");
  CHECK_TEXT(take_all(lines.master), "\b \bd!");
  CHECK_TEXT(take_all(keys.slave), "ab\nc");
  CHECK_TEXT(take_all(keys.master), "ab\r\nc");

  std::string got = take_all(full.slave);
  CHECK_TEXT(got, input);
  CHECK_TEXT(take_all(full.master), output);
  CHECK_TEXT(take_all(dense.slave), dense_input);
  CHECK_TEXT(take_all(dense.master), dense_output);
  std::string made_of_it;
  for (const char c : much) made_of_it += c == '\n' ? std::string("\r\n") : std::string(1, c);
  got = take_all(full_lines.master);
  CHECK_TEXT(got, made_of_it);

  CHECK_TEXT(take(packets.master), std::string(1, '\0') + "a packet");
  CHECK_TEXT(take(packets.master), again);
  CHECK(tcflush(packets.slave, TCIFLUSH) == 0 && (look(packets.master, POLLPRI) & POLLPRI) != 0);
  CHECK_TEXT(take(packets.master), std::string(1, TIOCPKT_FLUSHREAD));
  CHECK(value_of(locked.master, TIOCGPTLCK) == 1 && value_of(raw.master, TIOCGPTLCK) == 0 &&
        value_of(locked.slave, TIOCGEXCL) == 1 && value_of(locked.master, TIOCGEXCL) == 1 &&
        value_of(raw.slave, TIOCGEXCL) == 0);
  CHECK_TEXT(take(locked.slave), "locked in");

  CHECK_TEXT(take(held.master), "before");
  CHECK_TEXT(take(halted.master), "before");
  CHECK((look(held.slave) & POLLOUT) == 0 && (look(halted.slave) & POLLOUT) == 0);
  put(held.master, "\x11");
  put(halted.master, "\x11");
  for (int i = 0; i < 2000 && (look(held.slave) & POLLOUT) == 0; ++i) subject::nap();
  CHECK((look(held.slave) & POLLOUT) != 0 && (look(halted.slave) & POLLOUT) == 0);
  CHECK(tcflow(halted.slave, TCOON) == 0 && (look(halted.slave) & POLLOUT) != 0);

  CHECK((look(no_slave.master) & POLLHUP) != 0);
  CHECK_TEXT(take_all(no_slave.master), "last words\r\nfor nobody yet\r\n");
  CHECK_TEXT(take(no_slave.master), broken);
  const int opened_late = open(ptsname(no_slave.master), O_RDWR | O_NOCTTY | O_NONBLOCK);
  CHECK_TEXT(take(opened_late), "for nobody yet\n");
  for (const int fd : {no_master.slave, both_lost.slave, lost_too}) {
    CHECK_TEXT(take(fd), "");
    CHECK(write(fd, "x", 1) < 0 && errno == EIO);
    CHECK((look(fd) & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR) && is_named(fd, true));
  }

  epoll_event event{};
  CHECK_EQUAL(epoll_wait(epoll, &event, 1, 0), 0);
  put(watched.master, "line\r");
  CHECK(epoll_wait(epoll, &event, 1, 20000) == 1 &&
        (event.data.fd == watched.slave || event.data.fd == watched.master));

  put(awaited.master, "came\r");
  reader.join();
  CHECK_TEXT(came, "came\n");
  set_flag(blocked.master, O_NONBLOCK);
  std::string whole;
  for (int i = 0; i < 20000 && whole.size() < long_text.size(); ++i) {
    whole += take_all(blocked.master);
    subject::nap();
  }
  writer.join();
  CHECK_EQUAL(written.load(), static_cast<ssize_t>(long_text.size()));
  CHECK(whole == long_text);
  return subject::verdict();
}
