// SPDX-License-Identifier: Apache-2.0
#include "core/group/sharing_message.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "core/base/read_at.hpp"
#include "core/base/write_all.hpp"

namespace cairn::group {

UniqueFd write_sharing(state::GroupSharing sharing) {
  UniqueFd fd(memfd_create("cairn-sharing", MFD_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("memory for what processes have in common", errno));
  const std::vector<std::uint8_t> bytes = encode(sharing);
  write_all(fd.get(), bytes.data(), bytes.size(), "what processes have in common");
  return fd;
}

state::GroupSharing read_sharing(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) throw EnvironmentError(with_errno("what the processes have in common", errno));
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(status.st_size));
  if (read_at(fd, bytes.data(), bytes.size(), 0) != bytes.size())
    throw EnvironmentError(with_errno("what the processes have in common", errno));
  auto sharing = decode<state::GroupSharing>(bytes, "what the processes have in common");
  if (std::any_of(sharing.descriptions.begin(), sharing.descriptions.end(),
                  [](const state::CommonDescription& d) { return d.places.empty(); }))
    throw PermanentError("what the processes have in common makes no sense");
  return sharing;
}

}  // namespace cairn::group
