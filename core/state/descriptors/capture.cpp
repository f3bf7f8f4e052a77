// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/deep_path.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/standard_files.hpp"

namespace cairn::state {
namespace {

OpenFile look_at(int fd) {
  OpenFile file;
  file.fd = fd;
  const std::string number = std::to_string(fd);
  if (fstat(fd, &file.status) != 0) throw TemporaryError(with_errno("descriptor " + number, errno));
  file.path = read_link("/proc/self/fd/" + number);
  file.flags = static_cast<int>(raw_syscall(SYS_fcntl, fd, F_GETFL));
  if (file.path.empty()) file.path = find_deep_path(file);
  file.info = read_file("/proc/self/fdinfo/" + number).value_or("");
  file.offset = static_cast<std::int64_t>(to_number(field(file.info, "pos")));
  return file;
}

// A file of this very process under /proc must be the new process's after a restart.
std::string portable_path(const std::string& path) {
  const std::string own = "/proc/" + std::to_string(getpid()) + "/";
  return path.starts_with(own) ? "/proc/self/" + path.substr(own.size()) : path;
}

// Descriptors that the host makes have a low number for a moment, until they are moved up: what is there only once
// is not the guest's.
std::vector<int> settled_guest_fds() {
  constexpr int kLooks = 3;
  std::vector<int> settled = host::guest_fds();
  for (int look = 1; look < kLooks; ++look) {
    const std::vector<int> now = host::guest_fds();
    std::erase_if(settled, [&](int fd) { return !std::binary_search(now.begin(), now.end(), fd); });
  }
  return settled;
}

// Whom signals of the description go to. After a restart only the process itself can still be named; of what comes from
// the new place the old owner is no matter.
void describe_owner(const OpenFile& file, Description& result) {
  f_owner_ex owner{};
  result.signal = static_cast<std::int32_t>(raw_syscall(SYS_fcntl, file.fd, F_GETSIG));
  if (is_error(raw_syscall(SYS_fcntl, file.fd, F_GETOWN_EX, address(&owner))) || owner.pid == 0) return;
  if (owner.type == F_OWNER_PID) result.owner = owner.pid;
  if (result.owner == getpid() || result.standard >= 0) return;
  const char* const kinds[] = {"thread ", "process ", "process group "};
  throw TemporaryError("signals of " + shortened(file.path) + at(file) + " go to " +
                       kinds[std::clamp<int>(owner.type, 0, 2)] + std::to_string(owner.pid) +
                       " (F_SETOWN); only the process itself can be saved as their owner");
}

Description describe(const OpenFile& file) {
  const auto all = descriptor_kinds();
  const auto kind = std::find_if(all.begin(), all.end(), [&](const DescriptorKind* k) { return k->recognise(file); });
  Description result;
  result.kind = (*kind)->number;
  result.detail = (*kind)->describe(file);
  result.path = portable_path(file.path);
  result.flags = static_cast<std::uint32_t>(file.flags);
  if ((*kind)->inheritable) result.standard = file.standard;
  if ((*kind)->check != nullptr) (*kind)->check(result);  // what a restart would refuse is refused now
  if ((file.flags & O_PATH) == 0) describe_owner(file, result);
  return result;
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

FilesState capture_files(bool guest_stands) {
  const std::vector<OpenFile> files = guest_files(guest_stands);
  FilesState result;
  Known known;
  for (const OpenFile& file : files) {
    const auto next = static_cast<std::uint32_t>(result.descriptions.size());
    const std::uint32_t index = known.index_of(file, next);
    if (index == next) result.descriptions.push_back(describe(file));
    const long descriptor_flags = raw_syscall(SYS_fcntl, file.fd, F_GETFD);
    result.descriptors.push_back({file.fd, index, (descriptor_flags & FD_CLOEXEC) != 0});
  }
  return result;
}

}  // namespace

std::vector<OpenFile> guest_files(bool guest_stands) {
  std::vector<OpenFile> files;
  for (int fd : settled_guest_fds()) files.push_back(look_at(fd));
  for (OpenFile& file : files) {
    file.standard = standard_of(file, files);
    file.guest_stands = guest_stands;
  }
  return files;
}

std::string at(const OpenFile& file) { return " at descriptor " + std::to_string(file.fd); }

void descriptors_obstacle(const cairn_guest& /*guest*/) { static_cast<void>(capture_files(false)); }

std::vector<std::uint8_t> capture_descriptors(Capture& /*capture*/) {
  FilesState files = capture_files(true);
  return encode(files);
}

}  // namespace cairn::state
