// SPDX-License-Identifier: Apache-2.0
// What an image is called in messages, and where objects beside it are.
#include "core/context/image_name.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/unique_fd.hpp"

namespace cairn::context {
namespace {

std::string link_of(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

TEST(ImageName, IsItsPath) {
  EXPECT_EQ(image_name("there/context"), "there/context");
  EXPECT_EQ(image_directory("there/context"), "there");
  EXPECT_EQ(image_directory("/context"), "/");
  EXPECT_EQ(image_directory("context"), ".");
}

TEST(ImageName, OfStandardInput) {
  EXPECT_EQ(image_name("-"), "standard input");
  EXPECT_EQ(image_directory("-"), ".");
}

TEST(ImageName, OfADescriptorIsWhatIsOpenThere) {
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(image_name(link_of(null.get())), "/dev/null");
  EXPECT_EQ(image_directory(link_of(null.get())), "/dev");
}

TEST(ImageName, OfWhatHasNoPathIsTheLink) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd out(ends[0]), in(ends[1]);
  EXPECT_EQ(image_name(link_of(out.get())), link_of(out.get()));
}

}  // namespace
}  // namespace cairn::context
