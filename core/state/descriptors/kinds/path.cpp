// SPDX-License-Identifier: Apache-2.0
// What was opened as a path only (O_PATH) and is neither a file nor a directory: a FIFO, a socket, a symbolic link, a
// device. Nothing was opened by that, so whatever has the path later is as good.
#include <fcntl.h>
#include <sys/stat.h>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"

namespace cairn::state {
namespace {

struct PathDetail {
  std::uint32_t type = 0;  // S_IFIFO ...
  template <class Archive>
  void fields(Archive& a) {
    a(type);
  }
};

bool recognise(const OpenFile& file) {
  const mode_t mode = file.status.st_mode;
  return (file.flags & O_PATH) != 0 && !S_ISREG(mode) && !S_ISDIR(mode) && !file.path.empty();
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  if (!is_at_its_path(file))
    throw TemporaryError("path (O_PATH) " + shortened(file.path) + at(file) +
                         " cannot be saved yet: what it leads to is not there any more, or has no path");
  PathDetail detail{file.status.st_mode & S_IFMT};
  return encode(detail);
}

void check(const Description& description) {
  const std::uint32_t type = detail_of<PathDetail>(description).type;
  if ((description.flags & O_PATH) == 0 || (type & ~std::uint32_t{S_IFMT}) != 0)
    throw PermanentError("the description of " + description.path + " makes no sense");
}

bool fits(const Description& description, const struct stat& status) {
  return (status.st_mode & S_IFMT) == detail_of<PathDetail>(description).type;
}

// A symbolic link can only have been opened with O_NOFOLLOW, which is not always told.
UniqueFd reopen(const Description& description) {
  Description own = description;
  if (S_ISLNK(detail_of<PathDetail>(description).type)) own.flags |= O_NOFOLLOW;
  return reopen_path(own, fits);
}

}  // namespace

extern const DescriptorKind path_descriptor;
const DescriptorKind path_descriptor = {
    .number = 23,
    .name = "path",
    .inheritable = false,
    .recognise = recognise,
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"path of a FIFO, socket, symbolic link or device (O_PATH)", "by reference: path, flags",
                      "something of that kind must still be at its path", "tests/state/descriptors/files.cpp"},
};

}  // namespace cairn::state
