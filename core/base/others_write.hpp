// SPDX-License-Identifier: Apache-2.0
// Whether somebody else may write to a file: the one rule for all that is done with the rights of whoever uses it. Any
// code.
#pragma once

#include <sys/stat.h>

namespace cairn {

// Everybody, or a group other than the owner's private one, which has the owner's number: where users have groups of
// their own, what they make may be writable by these.
inline bool others_may_write(const struct stat& status) {
  const bool private_group = status.st_gid == status.st_uid;
  return (status.st_mode & (private_group ? S_IWOTH : S_IWGRP | S_IWOTH)) != 0;
}

}  // namespace cairn
