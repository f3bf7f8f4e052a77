// SPDX-License-Identifier: Apache-2.0
// pidfd_open(2) of a process that has ended and been waited for: it is ready, and the kernel may still tell how the
// process had ended (PIDFD_GET_INFO, Linux 6.15). A restart makes a process that ends like that. Several pidfds of one
// process are ends of one object: since Linux 6.9 they have one inode.
#include <linux/ioctl.h>
#include <linux/types.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/end_as.hpp"
#include "core/base/error.hpp"
#include "core/state/descriptors/kinds/pidfd.hpp"

namespace cairn::state {
namespace {

constexpr int kMostStatus = 0xffff;  // as wait() tells it

struct EndedDetail {
  std::int32_t status = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(status);
  }
};

// The kernel's struct pidfd_info, which the headers of Linux 6.1 do not have.
struct PidfdInfo {
  __u64 mask, cgroup;
  __u32 numbers[11];
  __s32 exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr __u64 kInfoExit = 1U << 3;

// 0 where the kernel does not tell: then it does not tell the program either.
int status_of(const OpenFile& file) {
  PidfdInfo info{};
  info.mask = kInfoExit;
  return ioctl(file.fd, kGetInfo, &info) == 0 && (info.mask & kInfoExit) != 0 ? info.exit_code & kMostStatus : 0;
}

std::vector<std::uint8_t> save(const ObjectEnds& ends, const OpenFiles& /*all*/, context::Writer* /*writer*/) {
  EndedDetail detail{status_of(*ends.front())};
  return encode(detail);
}

EndedDetail detail_of(const SharedObject& object) {
  return decode<EndedDetail>(object.detail, "ipc, a pidfd of a process that has ended");
}

void check_object(const SharedObject& object) {
  const int status = detail_of(object).status;
  if (status < 0 || status > kMostStatus || (!WIFEXITED(status) && !WIFSIGNALED(status)))
    throw PermanentError("a pidfd of a process that has ended makes no sense");
}

void check(const Description& description) {
  if (!state::detail_of<EndDetail>(description).own.empty())
    throw PermanentError("the description of a pidfd makes no sense");
}

// Nobody is told of its end, and nobody but who knows its number can wait for it.
std::vector<UniqueFd> make(ObjectParts parts, std::span<const Description* const> ends, Making& /*making*/) {
  const auto process = static_cast<pid_t>(syscall(SYS_clone, 0, nullptr, nullptr, nullptr, 0));
  if (process == 0) end_as(detail_of(parts.front().object).status);
  if (process < 0) throw EnvironmentError(with_errno("a process for the pidfd of one that has ended", errno));
  const auto wait_for = [process](int how) {
    siginfo_t info{};
    while (waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | __WALL | how) != 0 && errno == EINTR) {
    }
  };
  wait_for(WNOWAIT);
  std::vector<UniqueFd> made;
  for (const Description* end : ends) made.push_back(open_pidfd(process, *end));
  wait_for(0);
  return made;
}

constexpr ObjectKind kEnded = {
    .identify = identity_of, .save = save, .check = check_object, .make = make, .in_parts = true, .made_last = true};

}  // namespace

extern const DescriptorKind ended_pidfd_descriptor;
const DescriptorKind ended_pidfd_descriptor = {
    .number = 20,
    .name = "pidfd of an ended process",
    .inheritable = false,
    .recognise = [](const OpenFile& file) { return is_pidfd(file) && process_of_pidfd(file) < 0; },
    .describe = [](const OpenFile& /*file*/, const OpenFiles& /*all*/) { return std::vector<std::uint8_t>(); },
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation = {"pidfd of a process that has ended and been waited for",
                      "how it had ended, where the kernel tells",
                      "not that it left a core file; the number of its inode is new",
                      "tests/state/descriptors/pidfds.cpp"},
    .object = &kEnded,
};

}  // namespace cairn::state
