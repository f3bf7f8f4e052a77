// SPDX-License-Identifier: Apache-2.0
// pidfd_open(2) of the process itself.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

extern "C" {  // which glibc 2.36 forgets
#include <sys/pidfd.h>
}

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {
namespace {

constexpr int kOfOpening = O_NONBLOCK | O_EXCL;  // PIDFD_NONBLOCK, PIDFD_THREAD

bool recognise(const OpenFile& file) {
  return (file.path == "anon_inode:[pidfd]" || file.path.starts_with("pidfd:")) &&
         to_number(field(file.info, "Pid")) == static_cast<std::uint64_t>(getpid());
}

void check(const Description& description) {
  if (!description.detail.empty()) throw PermanentError("the description of a pidfd makes no sense");
}

UniqueFd reopen(const Description& description) {
  UniqueFd fd(pidfd_open(getpid(), static_cast<unsigned>(description.flags) & kOfOpening));
  if (!fd) throw EnvironmentError(with_errno("pidfd", errno));
  return fd;
}

}  // namespace

extern const DescriptorKind pidfd_descriptor;
const DescriptorKind pidfd_descriptor = {
    .number = 9,
    .name = "pidfd",
    .inheritable = false,
    .recognise = recognise,
    .describe = [](const OpenFile& /*file*/, const OpenFiles& /*all*/) { return std::vector<std::uint8_t>(); },
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"pidfd of the process itself", "that it is one", "of other processes refused",
                      "tests/state/descriptors/epoll.cpp"},
};

}  // namespace cairn::state
