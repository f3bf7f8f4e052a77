// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mman.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/lib/subject.hpp"
#include "tests/state/refusals/refused.hpp"

namespace {

// Pages without a key of their own have key 0.
Undo make_pkey() {
  const int key = pkey_alloc(0, 0);
  void* p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (key < 0 || pkey_mprotect(p, 4096, PROT_READ, key) != 0) printf("SKIP: the processor has no protection keys\n");
  return [=] {
    munmap(p, 4096);
    pkey_free(key);
  };
}

// Where a null pointer leads: for root, usually.
Undo make_low_memory() {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) printf("SKIP: needs CAP_SYS_RAWIO\n");
  return [] { munmap(nullptr, 4096); };
}

Undo make_multicast() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  ip_mreqn group{};
  group.imr_multiaddr.s_addr = htonl(0xef010203);
  group.imr_ifindex = static_cast<int>(if_nametoindex("lo"));
  if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) != 0) printf("SKIP: no multicast here\n");
  return [fd] { close(fd); };
}

// What was put together is with nobody until it is sent.
Undo make_corked() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, off = 0;
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(9);
  CHECK(connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  CHECK(setsockopt(fd, IPPROTO_UDP, UDP_CORK, &on, sizeof on) == 0 && send(fd, "begun", 5, 0) == 5);
  return [fd, off] {
    CHECK(setsockopt(fd, IPPROTO_UDP, UDP_CORK, &off, sizeof off) == 0);
    close(fd);
  };
}

Undo make_urgent(int sender, int receiver) {
  if (send(sender, "abc!", 4, MSG_OOB) != 4) printf("SKIP: no urgent data here\n");
  return [=] {
    close(sender);
    close(receiver);
  };
}

Undo make_urgent_unix() {
  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  return make_urgent(pair[0], pair[1]);
}

struct Accepted {
  int client = -1, server = -1;
  explicit Accepted(bool keep_syn = false) {
    const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (keep_syn) CHECK(setsockopt(listener, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof on) == 0);
    CHECK(listen(listener, 1) == 0 && getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(client, reinterpret_cast<sockaddr*>(&at), size) == 0);
    server = accept(listener, nullptr, nullptr);
    close(listener);
  }
};

Undo make_urgent_tcp() {
  const Accepted ends;
  return make_urgent(ends.client, ends.server);
}

Undo make_saved_syn() {
  const Accepted ends(true);
  return [ends] {
    char syn[200];
    socklen_t size = sizeof syn;
    CHECK(getsockopt(ends.server, IPPROTO_TCP, TCP_SAVED_SYN, syn, &size) == 0 && size > 0);
  };
}

// A filter of BPF's own, which the kernel does not show.
Undo make_bpf_filter() {
  const bpf_insn accept_all[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, -1}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr program{};
  program.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  program.insns = reinterpret_cast<std::uintptr_t>(accept_all);
  program.insn_cnt = 2;
  program.license = reinterpret_cast<std::uintptr_t>("GPL");
  const int filter = static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof program));
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (filter < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof filter) != 0)
    printf("SKIP: no BPF for this user\n");
  close(filter);
  return [fd] { close(fd); };
}

Undo make_counted_times() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0), how = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &how, sizeof how) == 0);
  return [fd] { close(fd); };
}

Undo make_tunnel() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0), kind = UDP_ENCAP_ESPINUDP;
  if (setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &kind, sizeof kind) != 0) printf("SKIP: no tunnels here\n");
  return [fd] { close(fd); };
}

// As in the kernel's own headers, which cannot be mixed with the C library's.
Undo make_flow_label() {
  constexpr int kManager = 32;
  struct {
    in6_addr target = IN6ADDR_LOOPBACK_INIT;
    std::uint32_t label = htonl(0x12345);
    std::uint8_t action = 0, share = 255;              // get it, for anybody
    std::uint16_t flags = 1, expires = 0, linger = 0;  // make it
    std::uint32_t rest = 0;
  } label;
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0), on = 1;
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_port = htons(9);
  at.sin6_flowinfo = label.label;
  at.sin6_addr = in6addr_loopback;
  if (setsockopt(fd, IPPROTO_IPV6, kManager, &label, sizeof label) != 0 ||
      setsockopt(fd, IPPROTO_IPV6, kManager + 1, &on, sizeof on) != 0 ||
      connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    printf("SKIP: no flow labels here\n");
  return [fd] { close(fd); };
}

Undo make_mptcp() {
  const int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
  if (fd < 0) printf("SKIP: no MPTCP here\n");
  return [fd] { close(fd); };
}

// A path that leads to what has none.
Undo make_path_of_pipe() {
  int ends[2];
  CHECK(pipe(ends) == 0);
  const int fd = open(("/proc/self/fd/" + std::to_string(ends[0])).c_str(), O_PATH);
  CHECK(fd >= 0);
  return [=] {
    for (const int each : {fd, ends[0], ends[1]}) close(each);
  };
}

// Mapped, and closed.
Undo make_secret_mapping() {
  const int fd = static_cast<int>(syscall(SYS_memfd_secret, 0));
  void* p = MAP_FAILED;
  if (fd >= 0 && ftruncate(fd, 4096) == 0) p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (p == MAP_FAILED) printf("SKIP: no secret memory here\n");
  if (p != MAP_FAILED) strcpy(static_cast<char*>(p), "secret");
  return [p] { munmap(p, 4096); };
}

// At addresses of the program's own choice, which a host has for itself; somewhere among them is one that is free.
Undo make_among_hosts() {
  constexpr std::uintptr_t kPlaces[] = {0x310000000000, 0x480000000000, 0x600000000000, 0x640000000000, 0x7d0000000000};
  std::vector<void*> made;
  for (const std::uintptr_t place : kPlaces) {
    void* p = mmap(reinterpret_cast<void*>(place), 4096, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(p != MAP_FAILED);
    strcpy(static_cast<char*>(p), "mine");
    made.push_back(p);
  }
  return [made] {
    for (void* p : made) munmap(p, 4096);
  };
}

// By a system call of its own, also those signals that libc keeps for itself.
Undo make_deaf() {
  static std::atomic<bool> deaf{false}, ends{false};
  static std::thread thread([] {
    const std::uint64_t all = ~0ULL;
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, nullptr, sizeof all) == 0);
    deaf = true;
    while (!ends) subject::nap();
  });
  while (!deaf) subject::nap();
  return [] {
    ends = true;
    thread.join();
  };
}

// Of the size that is not the usual one, if the kernel has another: 2 MiB or 1 GiB. No page is touched.
Undo make_other_huge_pages() {
  constexpr size_t kLength = 1UL << 30;
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_HUGETLB;
  FILE* info = fopen("/proc/meminfo", "r");
  long usual = 0;
  for (char line[200]; info != nullptr && fgets(line, sizeof line, info) != nullptr;)
    sscanf(line, "Hugepagesize: %ld", &usual);
  fclose(info);
  const int other = usual == 2048 ? 30 << MAP_HUGE_SHIFT : 21 << MAP_HUGE_SHIFT;
  void* p = mmap(nullptr, kLength, PROT_READ | PROT_WRITE, flags | other, -1, 0);
  if (p == MAP_FAILED) printf("SKIP: the kernel has huge pages of one size only\n");
  return [p] { CHECK(munmap(p, kLength) == 0); };
}

// Needs a file system on persistent memory.
Undo make_map_sync() {
  FILE* mounts = fopen("/proc/mounts", "r");
  char line[4096], place[4096];
  void* p = MAP_FAILED;
  while (p == MAP_FAILED && mounts != nullptr && fgets(line, sizeof line, mounts) != nullptr) {
    if (strstr(line, "dax") == nullptr || sscanf(line, "%*s %4000s", place) != 1) continue;
    const int fd = open((std::string(place) + "/cairn-refused").c_str(), O_CREAT | O_RDWR, 0600);
    if (fd < 0) continue;
    CHECK(ftruncate(fd, 4096) == 0);
    p = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
    close(fd);
  }
  if (mounts != nullptr) fclose(mounts);
  if (p == MAP_FAILED) printf("SKIP: no file system on persistent memory\n");
  return [p] { munmap(p, 4096); };
}

long arch_prctl_inline(long code, unsigned long argument) {
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(SYS_arch_prctl), "D"(code), "S"(argument) : "rcx", "r11", "memory");
  return result;
}

// No function that was called before may return while there is one.
__attribute__((noinline)) void live_with_shadow_stack(std::atomic<int>* state) {
  constexpr long kEnable = 0x5001, kDisable = 0x5002, kShadowStack = 1;  // ARCH_SHSTK_*
  const bool there = arch_prctl_inline(kEnable, kShadowStack) == 0;
  *state = there ? 1 : 2;
  while (*state == 1) asm volatile("pause");
  if (there) arch_prctl_inline(kDisable, kShadowStack);
}

Undo make_shadow_stack() {
  auto* state = new std::atomic<int>(0);
  auto* thread = new std::thread(live_with_shadow_stack, state);
  while (*state == 0) subject::nap();
  if (*state == 2) printf("SKIP: no shadow stacks here\n");
  return [=] {
    *state = 3;
    thread->join();
  };
}

// The kernel gives tags only to a process that has one thread; a host has several.
Undo make_tagged_addresses() {
  constexpr long kEnable = 0x4002;  // ARCH_ENABLE_TAGGED_ADDR
  if (arch_prctl_inline(kEnable, 6) != 0) printf("SKIP: addresses cannot be tagged here\n");
  return nullptr;
}

std::string label_of_thread() {
  char text[1000] = "";
  const int fd = open("/proc/thread-self/attr/current", O_RDONLY);
  if (fd < 0 || read(fd, text, sizeof text - 1) < 0) text[0] = '\0';
  close(fd);
  return text;
}

// A label of a second thread, where a security module lets it have another.
Undo make_label() {
  auto* go = new std::atomic<bool>(false);
  auto* ready = new std::atomic<bool>(false);
  const std::string before = label_of_thread();
  auto* thread = new std::thread([=] {
    for (const char* wanted : {"changeprofile unconfined", "changeprofile cairn-test", "_"}) {
      const int fd = open("/proc/thread-self/attr/current", O_WRONLY);
      if (fd < 0 || write(fd, wanted, strlen(wanted)) < 0) close(fd);
    }
    if (before.empty() || label_of_thread() == before) printf("SKIP: no security module gives a thread a label\n");
    *ready = true;
    while (!*go) subject::nap();
  });
  while (!*ready) subject::nap();
  return [=] {
    *go = true;
    thread->join();
  };
}

// On the processor time of a thread that nobody tells, or that has ended.
Undo make_thread_timer(bool past_libc) {
  auto* go = new std::atomic<bool>(false);
  auto* number = new std::atomic<int>(-1);
  auto* thread = new std::thread([=] {
    sigevent event = {};
    event.sigev_notify = SIGEV_NONE;
    timer_t timer = nullptr;
    int id = -1;
    CHECK(past_libc ? syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &id) == 0
                    : timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0);
    *number = past_libc ? id : static_cast<int>(reinterpret_cast<intptr_t>(timer));
    while (past_libc && !*go) subject::nap();
  });
  while (*number < 0) subject::nap();
  if (!past_libc) thread->join();
  return [=] {
    *go = true;
    if (past_libc) thread->join();
    CHECK(syscall(SYS_timer_delete, number->load()) == 0);
  };
}

// Of the signal that Cairn stops threads by.
Undo take_stop_signal() {
  struct {
    void (*handler)(int);
    unsigned long flags, restorer, mask;
  } none = {nullptr, 0, 0, 0}, old = none;
  CHECK(syscall(SYS_rt_sigaction, 64, &none, &old, 8) == 0);
  return [old] { syscall(SYS_rt_sigaction, 64, &old, nullptr, 8); };
}

std::string proc_of(pid_t process) { return "/proc/" + std::to_string(process); }

Undo make_process_file() {
  const int fd = open((proc_of(getppid()) + "/stat").c_str(), O_RDONLY);
  CHECK(fd >= 0);
  return [fd] { close(fd); };
}

Undo make_process_directory() {
  CHECK(chdir(proc_of(getppid()).c_str()) == 0);
  return [] { CHECK(chdir("/") == 0); };
}

}  // namespace

const std::map<std::string, Undo (*)()>& rare_kinds() {
  static const std::map<std::string, Undo (*)()> kinds = {
      {"unknown_thread_timer", [] { return make_thread_timer(true); }},
      {"ended_thread_timer", [] { return make_thread_timer(false); }},
      {"low_memory", make_low_memory},
      {"process_file", make_process_file},
      {"process_directory", make_process_directory},
      {"multicast", make_multicast},
      {"corked", make_corked},
      {"urgent_unix", make_urgent_unix},
      {"urgent_tcp", make_urgent_tcp},
      {"saved_syn", make_saved_syn},
      {"bpf_filter", make_bpf_filter},
      {"path_of_pipe", make_path_of_pipe},
      {"counted_times", make_counted_times},
      {"tunnel", make_tunnel},
      {"flow_label", make_flow_label},
      {"mptcp", make_mptcp},
      {"secret_mapping", make_secret_mapping},
      {"among_hosts", make_among_hosts},
      {"deaf", make_deaf},
      {"pkey", make_pkey},
      {"other_huge_pages", make_other_huge_pages},
      {"map_sync", make_map_sync},
      {"shadow_stack", make_shadow_stack},
      {"tagged_addresses", make_tagged_addresses},
      {"label", make_label},
      {"stop_signal", take_stop_signal},
  };
  return kinds;
}
