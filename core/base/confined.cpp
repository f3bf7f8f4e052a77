// SPDX-License-Identifier: Apache-2.0
#include "core/base/confined.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <new>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn {
namespace {

// The last byte of an answer.
enum Ending : std::uint8_t { kDone = 'd', kFailed = 'f' };
constexpr std::size_t kLongestText = 1000;

// What memory and an answer take; all else fails with EPERM.
constexpr int kAllowed[] = {SYS_read,       SYS_write,        SYS_mmap,       SYS_munmap, SYS_mremap,
                            SYS_mprotect,   SYS_brk,          SYS_madvise,    SYS_futex,  SYS_clock_gettime,
                            SYS_exit_group, SYS_rt_sigreturn, SYS_sigaltstack};

bool forbid_calls() {
  std::vector<sock_filter> program;
  const auto add = [&](std::uint16_t code, std::uint32_t k, std::size_t yes, std::size_t no) {
    program.push_back({code, static_cast<std::uint8_t>(yes), static_cast<std::uint8_t>(no), k});
  };
  constexpr std::size_t kCount = std::size(kAllowed);
  // Jumps are counted from the next instruction; the last two are: refuse, allow.
  add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch), 0, 0);
  add(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, kCount + 1);
  add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr), 0, 0);
  for (std::size_t i = 0; i < kCount; ++i)
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(kAllowed[i]), kCount - i, 0);
  add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM, 0, 0);
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

void lower(decltype(RLIMIT_AS) which, rlim_t value) {
  rlimit limit{};
  getrlimit(which, &limit);
  limit.rlim_cur = std::min(limit.rlim_cur, value);
  setrlimit(which, &limit);
}

rlim_t size_now() {
  unsigned long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<unsigned long long>(sysconf(_SC_PAGESIZE));
}

bool confine(const Confinement& confinement) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  lower(RLIMIT_CORE, 0);
  lower(RLIMIT_CPU, static_cast<rlim_t>(confinement.seconds) + 1);
  lower(RLIMIT_AS, size_now() + confinement.memory);
  lower(RLIMIT_NOFILE, 0);
  return forbid_calls();
}

void send(int to, std::vector<std::uint8_t> answer, Ending ending) {
  answer.push_back(ending);
  for (std::size_t done = 0; done < answer.size();) {
    const ssize_t n = ::write(to, answer.data() + done, answer.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

[[noreturn]] void serve(int to, const Confinement& confinement,
                        const std::function<std::vector<std::uint8_t>()>& work) {
  const auto fail = [&](const std::string& text) { send(to, {text.begin(), text.end()}, kFailed); };
  try {
    if (confine(confinement))
      send(to, work(), kDone);
    else
      fail("this system does not let a process give up its rights (seccomp)");
  } catch (const Error& e) {
    fail(e.what());
  } catch (const std::bad_alloc&) {
    fail("reading it takes more memory than it should");
  }
  _exit(0);
}

// All that comes until the end, at most `most` bytes and until the deadline; empty if there is more.
std::vector<std::uint8_t> receive(int from, std::size_t most, const Deadline& deadline) {
  std::vector<std::uint8_t> answer;
  std::uint8_t buffer[65536];
  for (;;) {
    pollfd ready{from, POLLIN, 0};
    constexpr int kLook = 100;  // ms
    if (deadline.passed()) return {};
    if (::poll(&ready, 1, kLook) <= 0) continue;
    const ssize_t n = ::read(from, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return answer;
    answer.insert(answer.end(), buffer, buffer + n);
    if (answer.size() > most) return {};
  }
}

}  // namespace

std::vector<std::uint8_t> run_confined(const Confinement& confinement,
                                       const std::function<std::vector<std::uint8_t>()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw EnvironmentError(with_errno("pipe", errno));
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw EnvironmentError(with_errno("cannot make a process that reads " + confinement.subject, errno));
  if (child == 0) serve(to.get(), confinement, work);
  to.reset();
  const Deadline deadline(confinement.seconds);
  std::vector<std::uint8_t> answer = receive(from.get(), confinement.answer + 1, deadline);
  ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (answer.empty() || (answer.back() != kDone && answer.back() != kFailed))
    throw PermanentError(confinement.subject + " is damaged, or made to do harm: reading it came to no good end");
  const auto ending = static_cast<Ending>(answer.back());
  answer.pop_back();
  if (ending == kDone) return answer;
  throw PermanentError(
      printable({answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(std::min(answer.size(), kLongestText))}));
}

}  // namespace cairn
