// SPDX-License-Identifier: Apache-2.0
// Has something that cannot be saved, by the name of its second argument; lets go of it on SIGUSR1, if that is
// possible; passes if it was never disturbed.
#include "tests/state/refusals/refused.hpp"

#include <asm/ldt.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

volatile sig_atomic_t let_go = 0;
void on_signal(int) { let_go = 1; }

Undo close_all(std::initializer_list<int> descriptors) {
  std::string list(descriptors.begin(), descriptors.end());
  for (int fd : descriptors) CHECK(fd >= 0);
  return [list] {
    for (char fd : list) close(fd);
  };
}

int scratch_file(const char* name) { return open(name, O_CREAT | O_RDWR, 0600); }

// What is open now is open in a process that is no child of this one, too, until it is let go.
Undo hold_elsewhere(std::initializer_list<int> descriptors) {
  int tells[2];
  CHECK(pipe(tells) == 0);
  const pid_t child = fork();
  if (child == 0) {
    if (fork() != 0) _exit(0);
    const pid_t own = getpid();
    CHECK(write(tells[1], &own, sizeof own) == sizeof own);
    alarm(300);
    for (;;) pause();
  }
  pid_t holder = 0;
  waitpid(child, nullptr, 0);
  CHECK(read(tells[0], &holder, sizeof holder) == sizeof holder);
  close_all({tells[0], tells[1]})();
  const Undo close_here = close_all(descriptors);
  return [=] {
    kill(holder, SIGKILL);
    while (kill(holder, 0) == 0) subject::nap();
    close_here();
  };
}

Undo make_pipe() {
  int ends[2];
  CHECK(pipe(ends) == 0);
  return hold_elsewhere({ends[0], ends[1]});
}

Undo make_half_a_pipe() {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const Undo undo = hold_elsewhere({ends[0]});
  close(ends[1]);
  return undo;
}

// What has happened once and cannot be made to happen again.
Undo make_epoll() {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;
  char byte = 'x';
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0 && write(ends[1], &byte, 1) == 1);
  CHECK(epoll_wait(epoll, &event, 1, -1) == 1 && read(ends[0], &byte, 1) == 1);
  return close_all({epoll, ends[0], ends[1]});
}

Undo make_socket() { return close_all({socket(AF_NETLINK, SOCK_RAW, 0)}); }

Undo make_inotify() {
  const int fd = inotify_init1(0);
  CHECK(inotify_add_watch(fd, ".", IN_CREATE) == 1);
  close(scratch_file("created"));
  return close_all({fd});
}

int listening() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(listen(fd, 5) == 0);
  return fd;
}

int connected(int listener) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0 &&
        connect(fd, reinterpret_cast<sockaddr*>(&at), size) == 0);
  return fd;
}

Undo make_unaccepted() {
  const int listener = listening();
  return close_all({listener, connected(listener)});
}

// Both ends are in another process, too.
Undo make_tcp_outside() {
  const int listener = listening(), client = connected(listener), server = accept(listener, nullptr, nullptr);
  const Undo undo = hold_elsewhere({server});
  close(server);
  close(listener);
  return [=] {
    undo();
    close(client);
  };
}

Undo make_deleted() {
  const int fd = scratch_file("gone");
  unlink("gone");
  return hold_elsewhere({fd});
}

// Below a path that the kernel does not tell.
Undo deep(Undo (*make)()) {
  const int back = open(".", O_PATH);
  for (int i = 0; i < 30; ++i) {
    const std::string name(200, 'd');
    CHECK(mkdir(name.c_str(), 0755) == 0 && chdir(name.c_str()) == 0);
  }
  Undo undo = make();
  CHECK(fchdir(back) == 0 && close(back) == 0);
  return undo;
}

Undo make_fifo() {
  CHECK(mkfifo("fifo", 0600) == 0);
  return close_all({open("fifo", O_RDWR)});
}

Undo make_deleted_directory() {
  CHECK(mkdir("gone", 0700) == 0);
  const int fd = open("gone", O_RDONLY);
  CHECK(rmdir("gone") == 0);
  return close_all({fd});
}

Undo make_lease() {
  close(scratch_file("leased"));
  const int fd = open("leased", O_RDONLY);
  CHECK(fcntl(fd, F_SETLEASE, F_RDLCK) == 0);
  return close_all({fd});
}

Undo make_shared_file_deleted() {
  const int fd = scratch_file("mapped");
  CHECK(ftruncate(fd, 4096) == 0);
  void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(p != MAP_FAILED);
  unlink("mapped");
  close(fd);
  const Undo undo = hold_elsewhere({});
  return [p, undo] {
    munmap(p, 4096);
    undo();
  };
}

Undo make_sysv() {
  const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  void* p = shmat(id, nullptr, 0);
  shmctl(id, IPC_RMID, nullptr);
  CHECK(p != reinterpret_cast<void*>(-1));
  const Undo undo = hold_elsewhere({});
  return [p, undo] {
    shmdt(p);
    undo();
  };
}

// Past libc: what a static runtime does.
Undo make_raw_handler() {
  struct {
    void (*handler)(int);
    unsigned long flags, restorer, mask;
  } action = {on_signal, 0, 0, 0}, none = {nullptr, 0, 0, 0};
  CHECK(syscall(SYS_rt_sigaction, SIGUSR2, &action, nullptr, 8) == 0);
  return [none] { syscall(SYS_rt_sigaction, SIGUSR2, &none, nullptr, 8); };
}

Undo make_aio() {
  aio_context_t context = 0;
  CHECK(syscall(SYS_io_setup, 8, &context) == 0);
  return [context] { syscall(SYS_io_destroy, context); };
}

// It reports changes of the clock, and perhaps has something to report.
Undo make_timerfd() {
  const int fd = timerfd_create(CLOCK_REALTIME, 0);
  itimerspec setting = {};
  setting.it_value.tv_sec = time(nullptr) - 1;
  CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &setting, nullptr) == 0);
  return close_all({fd});
}

Undo make_owner() {
  const int fd = scratch_file("owned");
  CHECK(fcntl(fd, F_SETOWN, getppid()) == 0);
  return close_all({fd});
}

// A second thread that leaves what all threads share, until it is let go.
Undo make_own(int what) {
  auto* go = new std::atomic<bool>(false);
  auto* ready = new std::atomic<bool>(false);
  auto* thread = new std::thread([=] {
    if (unshare(what) != 0) printf("SKIP: unshare is not permitted\n");
    *ready = true;
    while (!*go) subject::nap();
  });
  while (!*ready) subject::nap();
  return [=] {
    *go = true;
    thread->join();
  };
}

// A process that is no child of this one.
Undo make_tracer() {
  int tells[2];
  CHECK(pipe(tells) == 0);
  const pid_t child = fork(), traced = getppid();
  if (child == 0) {
    if (fork() != 0) _exit(0);
    const pid_t own = ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) == 0 ? getpid() : 0;
    CHECK(write(tells[1], &own, sizeof own) == sizeof own);
    for (int status = 0;;) {  // the traced one stops at each signal
      const pid_t stopped = waitpid(-1, &status, __WALL);
      if (stopped > 0 && WIFSTOPPED(status))
        ptrace(PTRACE_CONT, stopped, nullptr, status >> 16 != 0 ? 0L : static_cast<long>(WSTOPSIG(status)));
    }
  }
  pid_t tracer = 0;
  waitpid(child, nullptr, 0);
  CHECK(read(tells[0], &tracer, sizeof tracer) == sizeof tracer);
  close_all({tells[0], tells[1]})();
  if (tracer == 0) printf("SKIP: ptrace is not permitted\n");
  return [tracer] { kill(tracer, SIGKILL); };
}

// Of no system call: all of memory may make them.
Undo make_dispatch() {
  static char selector = SYSCALL_DISPATCH_FILTER_ALLOW;
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector) != 0)
    printf("SKIP: the kernel dispatches no system calls\n");
  return [] { CHECK(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0) == 0); };
}

Undo make_segments() {
  user_desc segment = {};
  segment.base_addr = 0x1000;
  segment.limit = 10;
  segment.seg_32bit = 1;
  if (syscall(SYS_modify_ldt, 1, &segment, sizeof segment) != 0) printf("SKIP: no modify_ldt here\n");
  return [] {
    const user_desc none = {};
    CHECK(syscall(SYS_modify_ldt, 1, &none, sizeof none) == 0);
  };
}

Undo make_descriptor(long fd, const char* what) {
  if (fd < 0) printf("SKIP: no %s here\n", what);
  return [fd] { close(static_cast<int>(fd)); };
}

Undo make_message_queue() {
  const std::string name = "/cairn-refused-" + std::to_string(getpid());
  const mqd_t queue = mq_open(name.c_str(), O_CREAT | O_RDWR, 0600, nullptr);
  mq_unlink(name.c_str());
  sigevent nothing{};
  nothing.sigev_notify = SIGEV_NONE;
  CHECK(mq_notify(queue, &nothing) == 0);
  return make_descriptor(queue, "POSIX message queue");
}

Undo make_seccomp() {
  sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog program = {1, &allow};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
  return nullptr;
}

// May make no sockets in the file system.
Undo make_landlock() {
  landlock_ruleset_attr rules = {};
  rules.handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK;
  const long fd = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (fd < 0) printf("SKIP: no landlock here\n");
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) == 0);
  close(static_cast<int>(fd));
  return nullptr;
}

Undo make_chroot() {
  if (chroot(".") != 0) printf("SKIP: chroot is not permitted\n");
  return nullptr;
}

const std::map<std::string, Undo (*)()> kinds = {
    {"pipe", make_pipe},
    {"socket", make_socket},
    {"half_a_pipe", make_half_a_pipe},
    {"epoll", make_epoll},
    {"timerfd", make_timerfd},
    {"inotify", make_inotify},
    {"unaccepted", make_unaccepted},
    {"tcp_outside", make_tcp_outside},
    {"memfd", [] { return hold_elsewhere({memfd_create("some", 0)}); }},
    {"deleted", make_deleted},
    {"deep_directory_deleted", [] { return deep(make_deleted_directory); }},
    {"deep_fifo", [] { return deep(make_fifo); }},
    {"lease", make_lease},
    {"shared_file_deleted", make_shared_file_deleted},
    {"sysv", make_sysv},
    {"raw_handler", make_raw_handler},
    {"aio", make_aio},
    {"owner", make_owner},
    {"own_files", [] { return make_own(CLONE_FILES); }},
    {"own_directory", [] { return make_own(CLONE_FS); }},
    {"own_namespace", [] { return make_own(CLONE_NEWUTS); }},
    {"tracer", make_tracer},
    {"dispatch", make_dispatch},
    {"segments", make_segments},
    {"pidfd", [] { return make_descriptor(syscall(SYS_pidfd_open, getppid(), 0), "pidfd"); }},
    {"userfaultfd", [] { return make_descriptor(syscall(SYS_userfaultfd, 0), "userfaultfd"); }},
    {"secret_memory", [] { return make_descriptor(syscall(SYS_memfd_secret, 0), "secret memory"); }},
    {"message_queue", make_message_queue},
    {"seccomp", make_seccomp},
    {"landlock", make_landlock},
    {"chroot", make_chroot},
};

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  signal(SIGUSR1, on_signal);
  const auto known = kinds.find(argv[2]);
  const auto& others = kinds_past_libc().count(argv[2]) != 0 ? kinds_past_libc() : rare_kinds();
  Undo undo = known != kinds.end() ? known->second() : others.at(argv[2])();
  unsigned long steps = 0, sum = 0;
  const std::string directory = std::string(argv[1]).substr(0, std::string(argv[1]).rfind('/'));
  const bool elsewhere = access(directory.c_str(), F_OK) != 0;  // chroot
  subject::stay_until_asked(argv[1] + (elsewhere ? directory.size() : 0), [&] {
    ++steps;
    sum += steps;
    if (let_go && undo) {
      undo();
      undo = nullptr;
      printf("LET GO\n");
      fflush(stdout);
    }
    subject::nap();
  });
  CHECK_EQUAL(sum, steps * (steps + 1) / 2);
  return subject::verdict();
}
