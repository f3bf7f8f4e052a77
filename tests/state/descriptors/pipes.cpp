// SPDX-License-Identifier: Apache-2.0
// Pipes and FIFOs of one process: what is in them, packets, sizes, flags, ends that have been closed, descriptors that
// share an end, threads that wait for them.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"

namespace {

struct Pipe {
  int in = -1, out = -1;  // written to, read from
};

Pipe make_pipe(int flags = 0) {
  int ends[2];
  CHECK(pipe2(ends, flags) == 0);
  return {ends[1], ends[0]};
}

void put(int fd, const std::string& text) {
  CHECK_EQUAL(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// What one read() gives.
std::string take(int fd, std::size_t most = 1 << 21) {
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

int unread(int fd) {
  int n = -1;
  ioctl(fd, FIONREAD, &n);
  return n;
}

short look(int fd) {
  pollfd file{fd, POLLIN | POLLOUT, 0};
  poll(&file, 1, 0);
  return file.revents;
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>((seed = seed * 1103515245u + 12345u) >> 16);
  return text;
}

const std::string again = "errno " + std::to_string(EAGAIN);

#define CHECK_TEXT(a, b) CHECK((a) == (b))

}  // namespace

int main(int, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  // Something in it, part of it read before.
  const Pipe plain = make_pipe();
  put(plain.in, "lost");
  put(plain.in, "hello");
  CHECK_TEXT(take(plain.out, 4), "lost");
  // Full, with another size; nothing waits for it.
  const Pipe full = make_pipe(O_NONBLOCK | O_CLOEXEC);
  const int size = fcntl(full.in, F_SETPIPE_SZ, 1 << 18);
  const std::string much = pattern(static_cast<std::size_t>(size), 7);
  put(full.in, much);
  CHECK(write(full.in, "x", 1) < 0 && errno == EAGAIN);
  const Pipe small = make_pipe(O_NONBLOCK);
  CHECK_EQUAL(fcntl(small.in, F_SETPIPE_SZ, 4096), 4096);
  put(small.in, pattern(4096, 8));
  // Packets, one of them read in part.
  const Pipe packets = make_pipe(O_DIRECT | O_NONBLOCK);
  put(packets.in, "half a packet");
  CHECK_TEXT(take(packets.out, 4), "half");
  for (const char* packet : {"one", "t", "three and more", "4"}) put(packets.in, packet);
  const Pipe single = make_pipe(O_DIRECT | O_NONBLOCK);
  put(single.in, "s");
  const Pipe many_packets = make_pipe(O_DIRECT | O_NONBLOCK);
  for (unsigned i = 0; i < 16; ++i) put(many_packets.in, pattern(i * 200 + 1, i));
  CHECK(write(many_packets.in, "x", 1) < 0);
  // Ends that have been closed.
  const Pipe no_writer = make_pipe();
  put(no_writer.in, "the last");
  close(no_writer.in);
  const Pipe no_reader = make_pipe();
  close(no_reader.out);
  const Pipe only_end = make_pipe();
  close(only_end.in);
  // Descriptors of one description, and several descriptions of one end.
  const Pipe shared = make_pipe();
  const int same = dup(shared.out);
  const int high = fcntl(shared.in, F_DUPFD_CLOEXEC, 77);
  const std::string of_reader = "/proc/self/fd/" + std::to_string(shared.out);
  const int other = open(of_reader.c_str(), O_RDONLY | O_NONBLOCK), both = open(of_reader.c_str(), O_RDWR);
  put(high, "for all");
  // Signals when there is something to read.
  const Pipe telling = make_pipe(O_NONBLOCK);
  signal(SIGURG, SIG_IGN);
  CHECK(fcntl(telling.out, F_SETOWN, getpid()) == 0 && fcntl(telling.out, F_SETSIG, SIGURG) == 0 &&
        fcntl(telling.out, F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
  const Pipe empty = make_pipe(O_NONBLOCK);
  // FIFOs.
  CHECK(mkfifo("fifo", 0600) == 0 && mkfifo("quiet", 0600) == 0 && mkfifo("ended", 0600) == 0);
  const int fifo = open("fifo", O_RDWR | O_NONBLOCK), fifo_in = open("fifo", O_WRONLY | O_NONBLOCK);
  put(fifo_in, "through a name");
  const int quiet = open("quiet", O_RDONLY | O_NONBLOCK);
  const int ended = open("ended", O_RDONLY | O_NONBLOCK);
  const int ended_in = open("ended", O_WRONLY);
  put(ended_in, "bye");
  close(ended_in);
  CHECK_EQUAL(look(quiet) & POLLHUP, 0);

  // Threads that wait for one to read, to write, and for another to happen.
  const Pipe awaited = make_pipe(), blocked = make_pipe(), polled = make_pipe(), busy = make_pipe();
  std::string came;
  const std::string long_text = pattern(300000, 9);
  ssize_t written = -1;
  int events = -1;
  std::thread reader([&] { came = take(awaited.out); });
  std::thread writer([&] { written = write(blocked.in, long_text.data(), long_text.size()); });
  std::thread poller([&] {
    pollfd file{polled.out, POLLIN, 0};
    events = poll(&file, 1, -1);
  });
  while (unread(blocked.out) < 65536) subject::nap();
  unsigned long steps = 0;
  subject::stay_until_asked(argv[1], [&] {
    const std::string step = std::to_string(++steps);
    put(busy.in, step);
    CHECK_TEXT(take(busy.out), step);
    subject::nap();
  });

  put(awaited.in, "finally");
  reader.join();
  CHECK_TEXT(came, "finally");
  std::string all;
  while (all.size() < long_text.size()) all += take(blocked.out);
  writer.join();
  CHECK_EQUAL(written, static_cast<ssize_t>(long_text.size()));
  CHECK_TEXT(all, long_text);
  CHECK_EQUAL(events, -1);
  put(polled.in, "x");
  poller.join();
  CHECK_EQUAL(events, 1);

  CHECK_TEXT(take(plain.out), "hello");
  put(plain.in, "more");
  CHECK_TEXT(take(plain.out, 2), "mo");
  CHECK_EQUAL(fcntl(plain.out, F_GETFL), O_RDONLY);
  CHECK_EQUAL(fcntl(plain.in, F_GETFL), O_WRONLY);
  CHECK_EQUAL(fcntl(full.out, F_GETPIPE_SZ), size);
  CHECK((fcntl(full.in, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(full.in, F_GETFL) & O_NONBLOCK) != 0);
  CHECK(write(full.in, "x", 1) < 0 && errno == EAGAIN);
  CHECK_TEXT(take_all(full.out), much);
  CHECK_EQUAL(fcntl(small.out, F_GETPIPE_SZ), 4096);
  CHECK_TEXT(take_all(small.out), pattern(4096, 8));
  for (const char* packet : {"one", "t"}) CHECK_TEXT(take(packets.out), packet);
  CHECK_TEXT(take(packets.out, 5), "three");
  put(packets.in, "five");
  CHECK_TEXT(take(packets.out), "4");
  CHECK_TEXT(take(packets.out), "five");
  CHECK_TEXT(take(packets.out), again);
  put(single.in, "after");
  CHECK_TEXT(take(single.out), "s");
  for (unsigned i = 0; i < 16; ++i) CHECK_TEXT(take(many_packets.out), pattern(i * 200 + 1, i));

  CHECK_TEXT(take(no_writer.out, 4), "the ");
  CHECK_TEXT(take_all(no_writer.out), "last");
  CHECK((look(no_writer.out) & POLLHUP) != 0);
  CHECK(write(no_reader.in, "x", 1) < 0 && errno == EPIPE);
  CHECK_TEXT(take(only_end.out), "");

  CHECK_TEXT(take(other, 3), "for");
  CHECK_TEXT(take(same, 2), " a");
  CHECK_TEXT(take(both), "ll");
  CHECK_TEXT(take(other), again);
  CHECK_EQUAL(fcntl(same, F_SETFL, O_NONBLOCK), 0);
  CHECK((fcntl(shared.out, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(both, F_GETFL) & O_NONBLOCK) == 0);
  close(high);
  put(shared.in, "still");
  CHECK_TEXT(take(both), "still");
  CHECK(fcntl(telling.out, F_GETOWN) == getpid() && fcntl(telling.out, F_GETSIG) == SIGURG &&
        (fcntl(telling.out, F_GETFL) & O_ASYNC) != 0);
  CHECK_TEXT(take(empty.out), again);
  CHECK_EQUAL(look(empty.in) & POLLOUT, POLLOUT);

  CHECK_TEXT(take(fifo, 7), "through");
  CHECK_TEXT(take(fifo), " a name");
  CHECK_EQUAL(fcntl(fifo_in, F_GETFL) & O_ACCMODE, O_WRONLY);
  CHECK_EQUAL(look(quiet), 0);
  CHECK((look(ended) & POLLHUP) != 0);
  CHECK_TEXT(take(ended), "bye");
  CHECK_TEXT(take(ended), "");
  return subject::verdict();
}
