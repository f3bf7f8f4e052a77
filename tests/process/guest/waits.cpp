// SPDX-License-Identifier: Apache-2.0
// Waits that a stop interrupts in the kernel: the application must not notice. Runs in the freezing host, which
// stops the process many times during each.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "tests/process/guest/test.hpp"

// What the fortified headers call.
extern "C" ssize_t __read_chk(int fd, void* buffer, size_t size, size_t room);
extern "C" ssize_t __recv_chk(int fd, void* buffer, size_t size, size_t room, int flags);
extern "C" ssize_t __recvfrom_chk(int fd, void* buffer, size_t size, size_t room, int flags, sockaddr* peer,
                                  socklen_t* length);

namespace {

using namespace cairn::test;

constexpr double kWait = 0.4;
constexpr timespec kLimit{0, 400000000};
// Stopped time does not count, so that waits get longer; how much is the machine's business. They never get shorter.
constexpr double kLongest = 30;

// Runs a wait that lasts kWait and checks that stops came in between.
template <typename Wait>
void check_wait(const char* name, Wait wait) {
  const unsigned before = stops();
  const double start = now();
  wait();
  const double took = now() - start;
  if (took < kWait - 0.002 || took > kLongest || stops() - before < 3) {
    fprintf(stderr, "FAIL %s took %.3f s with %u stops\n", name, took, stops() - before);
    _exit(1);
  }
  check_no_failures();
}

void sleeps() {
  check_wait("nanosleep", [] { CHECK(nanosleep(&kLimit, nullptr) == 0); });
  check_wait("clock_nanosleep", [] { CHECK(clock_nanosleep(CLOCK_MONOTONIC, 0, &kLimit, nullptr) == 0); });
  check_wait("usleep", [] { CHECK(usleep(400000) == 0); });
  check_wait("sleep", [] { CHECK(sleep(1) == 0); });
  check_wait("clock_nanosleep until", [] {
    timespec until{};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == 0);
  });
}

void multiplexing() {
  int pipe_ends[2];
  CHECK(pipe(pipe_ends) == 0);
  pollfd waiting{pipe_ends[0], POLLIN, 0};
  check_wait("poll", [&] { CHECK(poll(&waiting, 1, 400) == 0); });
  check_wait("ppoll", [&] { CHECK(ppoll(&waiting, 1, &kLimit, nullptr) == 0); });
  check_wait("select", [&] {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    timeval limit{0, 400000};
    CHECK(select(pipe_ends[0] + 1, &set, nullptr, nullptr, &limit) == 0);
    CHECK(limit.tv_sec == 0 && limit.tv_usec == 0);
  });
  check_wait("pselect", [&] { CHECK(pselect(0, nullptr, nullptr, nullptr, &kLimit, nullptr) == 0); });
  const int epoll = epoll_create1(0);
  epoll_event event{};
  CHECK(epoll >= 0);
  check_wait("epoll_wait", [&] { CHECK(epoll_wait(epoll, &event, 1, 400) == 0); });
  check_wait("epoll_pwait", [&] { CHECK(epoll_pwait(epoll, &event, 1, 400, nullptr) == 0); });
}

void signals_and_semaphores() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  check_wait("sigtimedwait", [&] { CHECK(sigtimedwait(&set, nullptr, &kLimit) == -1 && errno == EAGAIN); });
  sem_t semaphore;
  CHECK(sem_init(&semaphore, 0, 0) == 0);
  check_wait("sem_timedwait", [&] {
    timespec until{};
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    CHECK(sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT);
  });
  const int id = semget(IPC_PRIVATE, 1, 0600);
  CHECK(id >= 0);
  sembuf down{0, -1, 0};
  check_wait("semtimedop", [&] { CHECK(semtimedop(id, &down, 1, &kLimit) == -1 && errno == EAGAIN); });
  semctl(id, 0, IPC_RMID);
}

void send_later(int queue) {
  if (fork() != 0) return;
  struct {
    long type;
    char text[4];
  } message = {1, "abc"};
  const timespec later = kLimit;
  nanosleep(&later, nullptr);
  _exit(msgsnd(queue, &message, sizeof message.text, 0) == 0 ? 0 : 1);
}

void message_queues() {
  const int queue = msgget(IPC_PRIVATE, 0600);
  CHECK(queue >= 0);
  struct {
    long type;
    char text[4];
  } message{};
  check_wait("msgrcv", [&] {
    send_later(queue);
    CHECK(msgrcv(queue, &message, sizeof message.text, 0, 0) == 4);
  });
  CHECK(strcmp(message.text, "abc") == 0);
  msgctl(queue, IPC_RMID, nullptr);
}

void socket_time_limits() {
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(listening, 1) == 0);
  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  const int sender = pair[1];
  const auto send_one = [](void* fd) -> void* {
    usleep(500000);
    CHECK(send(*static_cast<int*>(fd), "x", 1, 0) == 1);
    return nullptr;
  };
  const timeval limit{20, 0};
  CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
  char byte;
  iovec list{&byte, 1};
  const auto check_receiving = [&](const char* name, auto call) {
    int argument = sender;
    pthread_t thread;
    CHECK(pthread_create(&thread, nullptr, send_one, &argument) == 0);
    check_wait(name, [&] { CHECK(call() == 1); });
    pthread_join(thread, nullptr);
  };
  check_receiving("recv", [&] { return recv(pair[0], &byte, 1, 0); });
  check_receiving("fortified recv", [&] { return __recv_chk(pair[0], &byte, 1, 1, 0); });
  check_receiving("fortified recvfrom", [&] { return __recvfrom_chk(pair[0], &byte, 1, 1, 0, nullptr, nullptr); });
  check_receiving("read", [&] { return read(pair[0], &byte, 1); });
  check_receiving("fortified read", [&] { return __read_chk(pair[0], &byte, 1, 1); });
  check_receiving("readv", [&] { return readv(pair[0], &list, 1); });
  check_receiving("preadv2", [&] { return preadv2(pair[0], &list, 1, -1, 0); });
}

volatile sig_atomic_t alarms = 0;
void on_alarm(int) { alarms = alarms + 1; }

// Application handlers still interrupt.
void handlers_still_interrupt() {
  struct sigaction action = {};
  action.sa_handler = on_alarm;
  CHECK(sigaction(SIGALRM, &action, nullptr) == 0);
  const itimerval once{{0, 0}, {0, 400000}};
  const timespec long_limit{20, 0};
  timespec rest{};
  check_wait("interrupted nanosleep", [&] {
    CHECK(setitimer(ITIMER_REAL, &once, nullptr) == 0);
    CHECK(nanosleep(&long_limit, &rest) == -1 && errno == EINTR && rest.tv_sec >= 10);
  });
  check_wait("interrupted poll", [&] {
    CHECK(setitimer(ITIMER_REAL, &once, nullptr) == 0);
    CHECK(poll(nullptr, 0, 20000) == -1 && errno == EINTR);
  });
  check_wait("pause", [&] {
    CHECK(setitimer(ITIMER_REAL, &once, nullptr) == 0);
    CHECK(pause() == -1 && errno == EINTR);
  });
  check_wait("pause by syscall()", [&] {
    CHECK(setitimer(ITIMER_REAL, &once, nullptr) == 0);
    CHECK(syscall(SYS_pause) == -1 && errno == EINTR);
  });
  check_wait("sigsuspend", [&] {
    sigset_t none;
    sigemptyset(&none);
    CHECK(setitimer(ITIMER_REAL, &once, nullptr) == 0);
    CHECK(sigsuspend(&none) == -1 && errno == EINTR);
  });
  CHECK(alarms == 5);
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases({{"sleeps", sleeps},
                    {"multiplexing", multiplexing},
                    {"signals_and_semaphores", signals_and_semaphores},
                    {"message_queues", message_queues},
                    {"socket_time_limits", socket_time_limits},
                    {"handlers_still_interrupt", handlers_still_interrupt}},
                   argc, argv);
}
