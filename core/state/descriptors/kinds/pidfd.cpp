// SPDX-License-Identifier: Apache-2.0
// pidfd_open(2) of the process itself, and of those that are saved together with it, ended ones too that nobody has
// waited for.
#include "core/state/descriptors/kinds/pidfd.hpp"

#include <unistd.h>

#include <cerrno>

extern "C" {  // which glibc 2.36 forgets
#include <sys/pidfd.h>
}

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/other_holders.hpp"

namespace cairn::state {
namespace {

// Of another process; that of the process itself has none.
struct PidfdDetail {
  std::int32_t process = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(process);
  }
};

std::string described(const OpenFile& file, pid_t process) {
  if (process == 0) return "a process in another process namespace";
  const std::string number = std::to_string(process);
  const bool leads = to_number(field(read_file("/proc/" + number + "/status").value_or(""), "Tgid")) ==
                     static_cast<std::uint64_t>(process);
  return (file.flags & O_EXCL) != 0 && !leads ? "thread " + number : described_process(number);
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  PidfdDetail detail{process_of_pidfd(file)};
  if (detail.process == getpid()) return {};
  if (detail.process > 0 && is_saved_together(detail.process)) return encode(detail);
  throw TemporaryError("pidfd" + at(file) + " cannot be saved yet: it is of " + described(file, detail.process) +
                       ", which is not saved with it");
}

void check(const Description& description) {
  if (!description.detail.empty() && detail_of<PidfdDetail>(description).process <= 0)
    throw PermanentError("the description of a pidfd makes no sense");
}

UniqueFd reopen(const Description& description, const restart::Options& options) {
  if (description.detail.empty()) return open_pidfd(getpid(), description);
  return open_pidfd(restart::number_now(options, detail_of<PidfdDetail>(description).process), description);
}

}  // namespace

bool is_pidfd(const OpenFile& file) { return file.path == "anon_inode:[pidfd]" || file.path.starts_with("pidfd:"); }

pid_t process_of_pidfd(const OpenFile& file) {
  const std::string_view shown = field(file.info, "Pid");
  return shown.starts_with("-") ? -1 : static_cast<pid_t>(to_number(shown));
}

UniqueFd open_pidfd(pid_t process, const Description& description) {
  UniqueFd fd(pidfd_open(process, description.flags & pidfd_flags_of_opening));
  if (!fd) throw EnvironmentError(with_errno("a pidfd of process " + std::to_string(process), errno));
  return fd;
}

extern const DescriptorKind pidfd_descriptor;
const DescriptorKind pidfd_descriptor = {
    .number = 9,
    .name = "pidfd",
    .inheritable = false,
    .recognise = is_pidfd,
    .describe = describe,
    .check = check,
    .reopen = nullptr,
    .refill = nullptr,
    .documentation = {"pidfd of the process itself, or another one of its tree", "whose it is",
                      "of other processes, and of threads that are none's first (PIDFD_THREAD), refused; the number of "
                      "its inode is new",
                      "tests/state/descriptors/pidfds.cpp"},
    .reopen_last = reopen,
};

}  // namespace cairn::state
