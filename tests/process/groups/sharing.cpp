// SPDX-License-Identifier: Apache-2.0
// cr_sharing FLAG: a process and two children that execute programs and have things in common with it: pipes, FIFOs and
// pairs of sockets with something in them, a file with one offset, counters, timers, locks, an epoll, memory without a
// path. One child writes numbers all the time, the other takes turns by semaphores in shared memory. At the end each
// checks what it has.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <string>

#include "tests/lib/subject.hpp"

namespace {

// What the children find at fixed numbers.
enum : int {
  kToPeer = 40,
  kNumbers,
  kPackets,
  kFile,
  kEvent,
  kStream,
  kDatagrams,
  kLeft,
  kMemory,
  kTimer,
  kEpoll,
  kFifo,
  kDeleted
};

struct Turns {
  sem_t ping, pong;
  unsigned long rounds;
  pthread_mutex_t mutex;
  bool end;
};
constexpr std::size_t kPages = 8 * 4096;
constexpr unsigned kMagic = 0x5eed1234;

std::string name(const char* flag, const char* what) { return std::string(flag) + "." + what; }

void put(int fd, const std::string& text) {
  CHECK_EQUAL(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

std::string take(int fd) {
  char text[4096];
  const ssize_t n = read(fd, text, sizeof text);
  return n < 0 ? "errno " + std::to_string(errno) : std::string(text, static_cast<std::size_t>(n));
}

#define CHECK_TEXT(a, b)                                                                                \
  do {                                                                                                  \
    const std::string a_ = (a), b_ = (b);                                                               \
    if (a_ != b_) subject::fail(__FILE__, __LINE__, std::string(#a) + ": " + a_ + " instead of " + b_); \
  } while (0)

const std::string again = "errno " + std::to_string(EAGAIN);

// Of a file that has no name any more when the children have opened it, too.
unsigned* map_file(int fd) {
  void* const memory = mmap(nullptr, kPages, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  return static_cast<unsigned*>(memory);
}

Turns* map_turns(const char* flag, int flags) {
  const int fd = open(name(flag, "turns").c_str(), flags | O_RDWR | O_CLOEXEC, 0600);
  CHECK(fd >= 0 && ftruncate(fd, kPages) == 0);
  auto* const turns = reinterpret_cast<Turns*>(map_file(fd));
  close(fd);
  return turns;
}

void place(int fd, int number) {
  CHECK_EQUAL(dup2(fd, number), number);
  close(fd);
}

// Has more in common with the others than it uses, but no end that they wait for the end of.
void write_numbers() {
  for (const int fd : {+kStream, +kFifo}) close(fd);
  for (unsigned n = 0;; ++n) {
    if (write(kNumbers, &n, sizeof n) != sizeof n) _exit(0);
  }
}

bool wait_for(sem_t& semaphore) {
  while (sem_wait(&semaphore) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

void check_sockets() {
  CHECK_TEXT(take(kStream), "to the peer");
  CHECK_TEXT(take(kStream), "");  // shut down
  CHECK_TEXT(take(kDatagrams), "one");
  CHECK_TEXT(take(kDatagrams), "two");
  CHECK_TEXT(take(kDatagrams), again);
  CHECK_TEXT(take(kLeft), "left behind");
  CHECK_TEXT(take(kLeft), "");
}

int be_peer(const char* flag) {
  Turns* const turns = map_turns(flag, 0);
  unsigned* const memory = map_file(kMemory);
  unsigned* const deleted = map_file(kDeleted);
  close(kMemory);
  close(kDeleted);
  fclose(fopen(name(flag, "peer").c_str(), "w"));
  while (wait_for(turns->ping) && !turns->end) {
    ++turns->rounds;
    ++memory[100];
    sem_post(&turns->pong);
  }
  CHECK_TEXT(take(kToPeer), "hello");
  CHECK_TEXT(take(kToPeer), "");  // the end of it
  for (const char* packet : {"a", "packet", "of packets"}) CHECK_TEXT(take(kPackets), packet);
  CHECK_TEXT(take(kPackets), "");
  put(kFile, "bbbb");
  CHECK((fcntl(kFile, F_GETFL) & O_APPEND) == 0);
  fcntl(kFile, F_SETFL, fcntl(kFile, F_GETFL) | O_NONBLOCK);
  std::uint64_t count = 0;
  CHECK_EQUAL(read(kEvent, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  CHECK_EQUAL(count, 5u);
  check_sockets();
  epoll_event event{};
  CHECK_EQUAL(epoll_wait(kEpoll, &event, 1, 0), 0);  // of the eventfd, which is empty now
  eventfd_write(kEvent, 2);
  CHECK_EQUAL(epoll_wait(kEpoll, &event, 1, 0), 1);
  CHECK_EQUAL(event.data.u64, 0x1234567887654321u);
  itimerspec left{};
  CHECK_EQUAL(timerfd_gettime(kTimer, &left), 0);
  CHECK(left.it_value.tv_sec > 90000 && left.it_value.tv_sec < 100000);
  const int other = open(name(flag, "file").c_str(), O_RDWR);
  CHECK(flock(other, LOCK_EX | LOCK_NB) != 0);
  CHECK_EQUAL(flock(kFile, LOCK_UN), 0);
  CHECK_EQUAL(flock(other, LOCK_EX | LOCK_NB), 0);
  put(kFifo, "through the FIFO");
  CHECK_EQUAL(memory[1], kMagic);
  CHECK_EQUAL(deleted[kPages / 4 - 1], kMagic + 1);
  memory[2] = kMagic + 2;
  deleted[2] = kMagic + 3;
  CHECK_EQUAL(pthread_mutex_trylock(&turns->mutex), EBUSY);
  sem_post(&turns->pong);
  return subject::failures == 0 ? 0 : 1;
}

pid_t start(char** argv, const char* role) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  execl(argv[0], argv[0], argv[1], role, nullptr);
  _exit(126);
}

struct Own {
  int to_peer, numbers, stream, datagrams, fifo;
  unsigned *memory, *deleted;
  Turns* turns;
};

void make_sockets(Own& own) {
  int pair[2];
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  place(pair[1], kStream);
  own.stream = pair[0];
  put(own.stream, "to the peer");
  put(kStream, "from the peer");
  CHECK_EQUAL(shutdown(own.stream, SHUT_WR), 0);
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  place(pair[1], kDatagrams);
  own.datagrams = pair[0];
  put(own.datagrams, "one");
  put(own.datagrams, "two");
  put(kDatagrams, "three");
  CHECK_EQUAL(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  place(pair[1], kLeft);
  put(pair[0], "left behind");
  close(pair[0]);
}

void make_pipes(Own& own, const char* flag) {
  int ends[2];
  CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
  place(ends[0], kToPeer);
  own.to_peer = ends[1];
  put(own.to_peer, "hello");
  CHECK_EQUAL(pipe2(ends, O_CLOEXEC), 0);
  place(ends[1], kNumbers);
  own.numbers = ends[0];
  CHECK_EQUAL(pipe2(ends, O_CLOEXEC | O_DIRECT | O_NONBLOCK), 0);
  for (const char* packet : {"a", "packet", "of packets"}) put(ends[1], packet);
  place(ends[0], kPackets);
  close(ends[1]);
  CHECK_EQUAL(mkfifo(name(flag, "fifo").c_str(), 0600), 0);
  own.fifo = open(name(flag, "fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  place(open(name(flag, "fifo").c_str(), O_WRONLY | O_CLOEXEC), kFifo);
}

void make_files(Own& own, const char* flag) {
  place(open(name(flag, "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), kFile);
  put(kFile, "aaaa");
  CHECK_EQUAL(flock(kFile, LOCK_EX), 0);
  place(eventfd(5, EFD_CLOEXEC | EFD_NONBLOCK), kEvent);
  place(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), kTimer);
  const itimerspec later{{0, 0}, {100000, 0}};
  CHECK_EQUAL(timerfd_settime(kTimer, 0, &later, nullptr), 0);
  place(epoll_create1(EPOLL_CLOEXEC), kEpoll);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = 0x1234567887654321u;
  CHECK_EQUAL(epoll_ctl(kEpoll, EPOLL_CTL_ADD, kEvent, &event), 0);
  place(memfd_create("common", MFD_CLOEXEC), kMemory);
  CHECK_EQUAL(ftruncate(kMemory, kPages), 0);
  own.memory = map_file(kMemory);
  own.memory[1] = kMagic;
  place(open(name(flag, "deleted").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600), kDeleted);
  CHECK_EQUAL(ftruncate(kDeleted, kPages), 0);
  unlink(name(flag, "deleted").c_str());
  own.deleted = map_file(kDeleted);
  own.deleted[kPages / 4 - 1] = kMagic + 1;
}

void make_turns(Own& own, const char* flag) {
  own.turns = map_turns(flag, O_CREAT | O_EXCL);
  sem_init(&own.turns->ping, 1, 0);
  sem_init(&own.turns->pong, 1, 0);
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&own.turns->mutex, &shared);
  pthread_mutex_lock(&own.turns->mutex);
}

void expect_end(pid_t child) {
  int status = 0;
  CHECK_EQUAL(waitpid(child, &status, 0), child);
  CHECK(WIFEXITED(status));
  CHECK_EQUAL(WEXITSTATUS(status), 0);
}

void check(const Own& own, const char* flag, pid_t writer, pid_t peer, unsigned long rounds) {
  CHECK_EQUAL(own.turns->rounds, rounds);
  CHECK_EQUAL(own.memory[100], static_cast<unsigned>(rounds));
  CHECK_EQUAL(own.deleted[kPages / 4 - 1], kMagic + 1);
  close(own.to_peer);
  own.turns->end = true;
  sem_post(&own.turns->ping);
  CHECK(wait_for(own.turns->pong));
  expect_end(peer);
  CHECK_EQUAL(own.memory[2], kMagic + 2);
  CHECK_EQUAL(own.deleted[2], kMagic + 3);
  CHECK((fcntl(kFile, F_GETFL) & O_NONBLOCK) != 0);
  put(kFile, "cccc");
  char text[64] = {};
  CHECK_EQUAL(pread(kFile, text, sizeof text, 0), 12);
  CHECK_TEXT(text, "aaaabbbbcccc");
  CHECK_TEXT(take(own.stream), "from the peer");
  CHECK_TEXT(take(own.stream), "");  // the peer has ended
  CHECK_TEXT(take(own.datagrams), "three");
  CHECK_TEXT(take(own.fifo), "through the FIFO");
  CHECK_TEXT(take(own.fifo), "");
  std::uint64_t count = 0;
  CHECK_EQUAL(read(kEvent, &count, sizeof count), static_cast<ssize_t>(sizeof count));
  CHECK_EQUAL(count, 2u);
  close(own.numbers);
  expect_end(writer);
  unlink(name(flag, "fifo").c_str());
}

}  // namespace

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc > 2 && strcmp(argv[2], "writer") == 0) write_numbers();
  if (argc > 2) return be_peer(argv[1]);
  Own own{};
  make_sockets(own);
  make_pipes(own, argv[1]);
  make_files(own, argv[1]);
  make_turns(own, argv[1]);
  const pid_t writer = start(argv, "writer"), peer = start(argv, "peer");
  while (access(name(argv[1], "peer").c_str(), F_OK) != 0) subject::nap();
  unlink(name(argv[1], "turns").c_str());
  // Ends that only the children have.
  for (const int fd : {+kToPeer, +kNumbers, +kPackets, +kStream, +kDatagrams, +kLeft, +kFifo}) close(fd);
  close(kMemory);
  unsigned next = 0;
  unsigned long rounds = 0;
  subject::stay_until_asked(argv[1], [&] {
    std::array<unsigned, 100> numbers{};
    const ssize_t n = read(own.numbers, numbers.data(), sizeof numbers);
    CHECK(n > 0 && n % sizeof next == 0);
    for (ssize_t i = 0; i < n / static_cast<ssize_t>(sizeof next); ++i) CHECK_EQUAL(numbers[i], next++);
    sem_post(&own.turns->ping);
    CHECK(wait_for(own.turns->pong));
    ++rounds;
  });
  check(own, argv[1], writer, peer, rounds);
  return subject::verdict();
}
