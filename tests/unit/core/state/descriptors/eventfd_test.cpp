// SPDX-License-Identifier: Apache-2.0
// A kernel that does not show whether an eventfd is a semaphore (before Linux 6.5): it is found out, and nothing is
// changed by that.
#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <algorithm>

#include "core/base/proc.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/open_files.hpp"

namespace cairn::state {
namespace {

constexpr std::uint64_t kMost = ~0ULL - 1;

const DescriptorKind& eventfd_kind() {
  const auto all = descriptor_kinds();
  return **std::find_if(all.begin(), all.end(), [](const auto* kind) { return std::string(kind->name) == "eventfd"; });
}

std::string count_of(int fd) {
  return std::string(field(read_file("/proc/self/fdinfo/" + std::to_string(fd)).value_or(""), "eventfd-count"));
}

std::vector<std::uint8_t> describe_without_help(int fd) {
  OpenFile file;
  file.fd = fd;
  file.info = "eventfd-count: " + count_of(fd) + "\n";
  return eventfd_kind().describe(file, OpenFiles());
}

class OldKernelEventfd : public testing::TestWithParam<std::uint64_t> {
 protected:
  void is_found_out(int flags) {
    const UniqueFd fd(eventfd(0, flags | EFD_NONBLOCK | EFD_CLOEXEC));
    const std::uint64_t count = GetParam();
    ASSERT_EQ(write(fd.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    const std::string before = count_of(fd.get());
    EXPECT_EQ(describe_without_help(fd.get()).back() != 0, (flags & EFD_SEMAPHORE) != 0);
    EXPECT_EQ(count_of(fd.get()), before);
  }
};

TEST_P(OldKernelEventfd, a_counter_is_found_out) { is_found_out(0); }
TEST_P(OldKernelEventfd, a_semaphore_is_found_out) { is_found_out(EFD_SEMAPHORE); }

INSTANTIATE_TEST_SUITE_P(Counts, OldKernelEventfd, testing::Values(0, 1, 2, 5, kMost));

TEST(eventfd, is_not_touched_while_the_guest_runs) {
  const UniqueFd fd(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
  OpenFile file;
  file.fd = fd.get();
  file.info = "eventfd-count: 3\n";
  file.guest_stands = false;
  static_cast<void>(eventfd_kind().describe(file, OpenFiles()));
  EXPECT_EQ(count_of(fd.get()), "3");
}

}  // namespace
}  // namespace cairn::state
