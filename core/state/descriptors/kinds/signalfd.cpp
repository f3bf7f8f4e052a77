// SPDX-License-Identifier: Apache-2.0
// signalfd(2): a set of signals. What is pending belongs to the process and its threads.
#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {
namespace {

struct SignalDetail {
  std::uint64_t mask = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(mask);
  }
};

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  SignalDetail detail{to_number(field(file.info, "sigmask"), 16)};
  return encode(detail);
}

UniqueFd reopen(const Description& description) {
  const auto detail = detail_of<SignalDetail>(description);
  sigset_t set;
  sigemptyset(&set);
  std::memcpy(&set, &detail.mask, sizeof detail.mask);
  UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("signalfd", errno));
  return fd;
}

}  // namespace

extern const DescriptorKind signalfd_descriptor;
const DescriptorKind signalfd_descriptor = {
    .number = 8,
    .name = "signalfd",
    .inheritable = false,
    .recognise = [](const OpenFile& file) { return file.path == "anon_inode:[signalfd]"; },
    .describe = describe,
    .check = [](const Description& description) { static_cast<void>(detail_of<SignalDetail>(description)); },
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"signalfd", "its signals; those that are pending are the process's", "none",
                      "tests/state/descriptors/epoll.cpp"},
};

}  // namespace cairn::state
