// SPDX-License-Identifier: Apache-2.0
// eventfd(2): a counter.
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {
namespace {

constexpr std::uint64_t kMost = ~0ULL - 1;  // more cannot be written

struct EventDetail {
  std::uint64_t count = 0;
  bool semaphore = false;
  template <class Archive>
  void fields(Archive& a) {
    a(count, semaphore);
  }
};

bool add(int fd, std::uint64_t count) {
  return count == 0 || write(fd, &count, sizeof count) == static_cast<ssize_t>(sizeof count);
}

// 0 if there is nothing to take.
std::uint64_t take(int fd) {
  std::uint64_t taken = 0;
  const iovec place{&taken, sizeof taken};
  return preadv2(fd, &place, 1, -1, RWF_NOWAIT) == static_cast<ssize_t>(sizeof taken) ? taken : 0;
}

// A kernel before 6.5 does not say whether it is a semaphore, but reading does: of two or more, a semaphore gives one,
// a counter all. What was there is put back. Nobody waits meanwhile, since all threads stand.
bool behaves_as_semaphore(const OpenFile& file, std::uint64_t count) {
  bool whole = count >= 2 || add(file.fd, 2 - count);
  const std::uint64_t taken = whole ? take(file.fd) : 0;
  const bool semaphore = taken == 1;
  if (!semaphore) {
    whole = whole && taken != 0 && add(file.fd, count);
  } else if (count == 0) {
    whole = take(file.fd) == 1;
  } else {
    whole = count == 1 || add(file.fd, 1);
  }
  if (!whole) throw TemporaryError("eventfd" + at(file) + " is used by another process, cannot be saved yet");
  return semaphore;
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  EventDetail detail;
  detail.count = to_number(field(file.info, "eventfd-count"), 16);
  if (detail.count > kMost) throw TemporaryError("eventfd" + at(file) + " has overflowed, cannot be saved yet");
  const std::string_view semaphore = field(file.info, "eventfd-semaphore");
  if (!semaphore.empty()) {
    detail.semaphore = to_number(semaphore) != 0;
  } else if (file.guest_stands) {
    detail.semaphore = behaves_as_semaphore(file, detail.count);
  }
  return encode(detail);
}

void check(const Description& description) {
  if (detail_of<EventDetail>(description).count > kMost) throw PermanentError("the count of an eventfd makes no sense");
}

UniqueFd reopen(const Description& description) {
  const auto detail = detail_of<EventDetail>(description);
  UniqueFd fd(eventfd(0, EFD_CLOEXEC | (detail.semaphore ? EFD_SEMAPHORE : 0)));
  if (!fd || !add(fd.get(), detail.count)) throw EnvironmentError(with_errno("eventfd", errno));
  return fd;
}

}  // namespace

extern const DescriptorKind eventfd_descriptor;
const DescriptorKind eventfd_descriptor = {
    .number = 4,
    .name = "eventfd",
    .inheritable = false,
    .recognise = [](const OpenFile& file) { return file.path == "anon_inode:[eventfd]"; },
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"eventfd", "count and whether it is a semaphore",
                      "before Linux 6.5 the kind is found out by reading it, and what was read is put back",
                      "tests/state/descriptors/eventfd.cpp"},
};

}  // namespace cairn::state
