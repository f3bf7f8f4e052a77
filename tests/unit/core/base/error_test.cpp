// SPDX-License-Identifier: Apache-2.0
// Which class of failure an error belongs to.
#include "core/base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace cairn {
namespace {

struct Row {
  int error;
  int code;
};
constexpr Row kTable[] = {
    {EAGAIN, CAIRN_EXIT_TEMPORARY},   {ENOMEM, CAIRN_EXIT_TEMPORARY},    {EMFILE, CAIRN_EXIT_TEMPORARY},
    {ENFILE, CAIRN_EXIT_TEMPORARY},   {ENOBUFS, CAIRN_EXIT_TEMPORARY},   {EINTR, CAIRN_EXIT_TEMPORARY},
    {EBUSY, CAIRN_EXIT_TEMPORARY},    {ETIMEDOUT, CAIRN_EXIT_TEMPORARY}, {ENOLCK, CAIRN_EXIT_TEMPORARY},
    {EUSERS, CAIRN_EXIT_TEMPORARY},   {ENOSPC, CAIRN_EXIT_ENVIRONMENT},  {EDQUOT, CAIRN_EXIT_ENVIRONMENT},
    {EROFS, CAIRN_EXIT_ENVIRONMENT},  {EACCES, CAIRN_EXIT_ENVIRONMENT},  {EPERM, CAIRN_EXIT_ENVIRONMENT},
    {ENOENT, CAIRN_EXIT_ENVIRONMENT}, {EIO, CAIRN_EXIT_ENVIRONMENT},     {ENOTDIR, CAIRN_EXIT_ENVIRONMENT},
};

TEST(Error, AShortageThatPassesIsTemporary) {
  for (const Row& row : kTable) {
    EXPECT_EQ(EnvironmentError(with_errno("a call", row.error)).code(), row.code)
        << std::string(with_errno("a call", row.error));
    EXPECT_EQ(code_of(std::system_error(row.error, std::generic_category())), row.code) << row.error;
    EXPECT_EQ(code_of(std::system_error(row.error, std::system_category())), row.code) << row.error;
  }
}

TEST(Error, TheTextNamesTheCallAndTheReason) {
  EXPECT_STREQ(EnvironmentError(with_errno("a call", ENOSPC)).what(), "a call: No space left on device");
}

TEST(Error, OtherExceptionsHaveACodeToo) {
  EXPECT_EQ(code_of(std::bad_alloc()), CAIRN_EXIT_TEMPORARY);
  EXPECT_EQ(code_of(std::logic_error("a mistake")), CAIRN_EXIT_PERMANENT);
  EXPECT_EQ(code_of(ArgumentError("a word")), CAIRN_EXIT_ARGUMENTS);
}

}  // namespace
}  // namespace cairn
