// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/open_files.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/deep_path.hpp"
#include "core/state/descriptors/inode_path.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/descriptors/terminal_pair.hpp"
#include "core/state/group_scope.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

// It has a path, which is another one than it was opened by.
void settle_other_link(OpenFile& file) {
  const std::string was = without_deleted(file.path);
  if (file.status.st_nlink == 0 || was == file.path || is_at_its_path(file)) return;
  std::string other = find_other_link(was, file.status.st_dev, file.status.st_ino);
  if (!other.empty()) file.path = std::move(other);
}

OpenFile look_at(int fd) {
  OpenFile file;
  file.fd = fd;
  const std::string number = std::to_string(fd);
  if (fstat(fd, &file.status) != 0) throw TemporaryError(with_errno("descriptor " + number, errno));
  file.path = read_link("/proc/self/fd/" + number);
  file.flags = static_cast<int>(raw_syscall(SYS_fcntl, fd, F_GETFL));
  file.info = read_file("/proc/self/fdinfo/" + number).value_or("");
  if (file.path.empty()) file.path = find_deep_path(file);
  settle_other_link(file);
  file.offset = static_cast<std::int64_t>(to_number(field(file.info, "pos")));
  return file;
}

// What a library of the host loads (dlopen) is open at a low number for a moment, which nobody can see coming: what is
// there only once is not the guest's.
std::vector<int> settled_guest_fds() {
  constexpr int kLooks = 3;
  std::vector<int> settled = host::guest_fds();
  for (int look = 1; look < kLooks; ++look) {
    const std::vector<int> now = host::guest_fds();
    std::erase_if(settled, [&](int fd) { return !std::binary_search(now.begin(), now.end(), fd); });
  }
  return settled;
}

// The descriptions met so far. There may be thousands of one inode, since all eventfds have the same: within an inode
// they are in the kernel's order, so that few have to be compared.
class Known {
 public:
  // The index of the file's description: `next` if it is a new one.
  std::uint32_t index_of(const OpenFile& file, std::uint32_t next) {
    auto& list = lists_[{file.status.st_dev, file.status.st_ino, file.standard}];
    const bool ordered = description_order(file, file).has_value();
    const auto at =
        ordered
            ? std::lower_bound(
                  list.begin(), list.end(), file,
                  [](const Entry& e, const OpenFile& f) { return description_order(*e.file, f).value_or(0) < 0; })
            : std::find_if(list.begin(), list.end(), [&](const Entry& e) { return same_description(file, *e.file); });
    if (at != list.end() && same_description(file, *at->file)) return at->index;
    list.insert(at, {&file, next});
    return next;
  }

 private:
  struct Entry {
    const OpenFile* file;
    std::uint32_t index;
  };
  std::map<std::tuple<dev_t, ino_t, int>, std::vector<Entry>> lists_;
};

// A slave whose master the process or a member of its group has: no terminal that was there at the start, although it
// may have the number that such a one had.
bool is_terminal_of(const std::vector<OpenFile>& files, const OpenFile& slave) {
  if (!is_terminal_slave(slave.status)) return false;
  const ObjectIdentity identity = identity_of(slave);
  const GroupSharing* sharing = group_sharing();
  return std::any_of(files.begin(), files.end(),
                     [&](const OpenFile& f) { return is_terminal_master(f.status) && pair_of(f) == identity; }) ||
         (sharing != nullptr && sharing->file(identity.device, identity.inode) != nullptr);
}

}  // namespace

std::string without_deleted(std::string path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

OpenFiles::OpenFiles() = default;
OpenFiles::~OpenFiles() = default;

OpenFiles::OpenFiles(bool guest_stands) : files_(guest_files(guest_stands)), guest_stands_(guest_stands) {
  Known known;
  std::uint32_t next = 0;
  for (const OpenFile& file : files_) {
    const std::uint32_t index = known.index_of(file, next);
    if (index == next) ++next;
    description_of_.push_back(index);
  }
}

std::string OpenFiles::other_holder(const OpenFile& file) const {
  const ObjectIdentity identity = pair_of(file).value_or(identity_of(file));
  if (const GroupSharing* sharing = group_sharing()) {
    const MemberFile* known = sharing->file(identity.device, identity.inode);
    return known != nullptr ? known->outside : std::string();
  }
  if (!holders_) holders_ = std::make_unique<OtherHolders>();
  return holders_->of(identity);
}

std::vector<OpenFile> guest_files(bool guest_stands) {
  std::vector<OpenFile> files;
  for (int fd : settled_guest_fds()) files.push_back(look_at(fd));
  for (OpenFile& file : files) {
    file.standard = is_terminal_of(files, file) ? -1 : standard_of(file, files);
    file.guest_stands = guest_stands;
  }
  return files;
}

}  // namespace cairn::state
