// SPDX-License-Identifier: Apache-2.0
// The terminal, pipe or socket that the process was started with at 0, 1 or 2, wherever the program has moved it since,
// or a deleted file for output there: bound to the new process's. Where that has none, /dev/null stands in.
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"

namespace cairn::state {
namespace {

bool input_is_forwarded = false;
bool unread_input_is_allowed = false;

void check(const Description& description) {
  if (description.standard < 0 || !description.detail.empty())
    throw PermanentError("the description of " + description.path + " makes no sense");
}

// What Open MPI has read of the input it writes at once to a pipe that has room again: where nothing comes within this
// time, there is nothing.
constexpr int kForwardingMilliseconds = 20;

int unread_bytes(const OpenFile& file) {
  if (input_is_forwarded) {
    pollfd input{file.fd, POLLIN, 0};
    poll(&input, 1, file.guest_stands ? kForwardingMilliseconds : 0);
  }
  int unread = 0;
  return ioctl(file.fd, FIONREAD, &unread) == 0 ? unread : 0;
}

// What is on its way to the program is in nobody's memory.
std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  const bool on_its_way = S_ISFIFO(file.status.st_mode) || S_ISSOCK(file.status.st_mode);
  if (file.standard != STDIN_FILENO || !on_its_way || unread_input_is_allowed) return {};
  const int unread = unread_bytes(file);
  if (unread == 0) return {};
  if (input_is_forwarded)
    throw TemporaryError(
        "mpirun has forwarded standard input that the program has not read, and may have more: it would be lost. Wait "
        "until the program has read it all, or start the job with input from a file that rank 0 can open (mpirun ... "
        "<FILE), or with none (</dev/null)");
  throw TemporaryError("standard input has " + std::to_string(unread) +
                       " bytes that the program has not read: they would be lost. Wait until it has read them. If it "
                       "never will, cr_checkpoint --drop-input saves it without them; next time start it with input "
                       "from a file (<FILE), or with none (</dev/null)");
}

UniqueFd reopen(const Description& /*description*/) {
  UniqueFd fd(open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!fd) throw EnvironmentError(with_errno("/dev/null", errno));
  return fd;
}

}  // namespace

void note_forwarded_input() noexcept { input_is_forwarded = true; }
void allow_unread_input(bool allowed) noexcept { unread_input_is_allowed = allowed; }

extern const DescriptorKind standard_descriptor;
const DescriptorKind standard_descriptor = {
    .number = 3,
    .name = "standard",
    .inheritable = true,
    .recognise = [](const OpenFile& file) { return file.standard >= 0; },
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation =
        {"terminal, pipe or socket that was inherited at 0, 1 or 2, or deleted file for output",
         "bound to what cr_restart or the new mpirun has there",
         "/dev/null where the new process has nothing; standard input from a pipe or socket, or forwarded by "
         "mpirun, that the program has not read is refused, or lost with --drop-input",
         "tests/state/process/settings.cpp"},
};

}  // namespace cairn::state
