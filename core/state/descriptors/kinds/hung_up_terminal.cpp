// SPDX-License-Identifier: Apache-2.0
// A terminal that has been hung up: its master is gone, or its session has lost it. Reading gives the end of the file,
// writing an error, for ever: one whose master is closed at once is the same, under whatever number.
#include <fcntl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/terminal_pair.hpp"

namespace cairn::state {
namespace {

constexpr int kWays = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
const std::string kMasters = "/dev/ptmx";

bool recognise(const OpenFile& file) {
  return is_terminal_slave(file.status) && (file.flags & O_PATH) == 0 && file.standard < 0 && is_hung_up(file.fd);
}

void check(const Description& description) {
  if (!description.detail.empty() || (description.flags & O_PATH) != 0)
    throw PermanentError("the description of " + description.path + " makes no sense");
}

UniqueFd reopen(const Description& description) {
  const UniqueFd master(open(kMasters.c_str(), O_RDWR | kWays));
  const int unlocked = 0;
  unsigned number = 0;
  UniqueFd slave;
  if (master && ioctl(master.get(), TIOCSPTLCK, &unlocked) == 0 && ioctl(master.get(), TIOCGPTN, &number) == 0) {
    slave.reset(open((slave_directory(kMasters) + "/" + std::to_string(number)).c_str(),
                     static_cast<int>(description.flags & O_ACCMODE) | kWays));
  }
  if (!slave) throw EnvironmentError(with_errno("a terminal for one that the program had lost", errno));
  return slave;
}

}  // namespace

extern const DescriptorKind hung_up_terminal_descriptor;
const DescriptorKind hung_up_terminal_descriptor = {
    .number = 21,
    .name = "hung-up terminal",
    .inheritable = false,
    .recognise = recognise,
    .describe = [](const OpenFile& /*file*/, const OpenFiles& /*all*/) { return std::vector<std::uint8_t>(); },
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"terminal that has been hung up", "that it is", "its number may be another one",
                      "tests/state/descriptors/terminals.cpp"},
};

}  // namespace cairn::state
