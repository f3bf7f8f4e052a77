// SPDX-License-Identifier: Apache-2.0
// inotify(7): what is watched, under which numbers.
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/inode_path.hpp"
#include "core/state/descriptors/open_files.hpp"

namespace cairn::state {
namespace {

constexpr unsigned long kSetNextNumber = _IOW('I', 0, std::int32_t);  // INOTIFY_IOC_SETNEXTWD

struct Watch {
  std::int32_t number = 0;
  std::string path;
  std::uint32_t mask = 0;
  template <class Archive>
  void fields(Archive& a) {
    a(number, path, mask);
  }
};

struct InotifyDetail {
  std::vector<Watch> watches;
  template <class Archive>
  void fields(Archive& a) {
    a(watches);
  }
};

[[noreturn]] void refuse(const OpenFile& file, const std::string& why) {
  throw TemporaryError("inotify" + at(file) + " cannot be saved yet: " + why);
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) bytes += static_cast<char>(to_number(digits.substr(i, 2), 16));
  return bytes;
}

// "inotify wd:1 ino:9e7e sdev:800013 mask:800afce ignored_mask:0 fhandle-bytes:8 fhandle-type:1 f_handle:7e9e..."
bool read_watch(std::string_view line, Watch& watch, InodeHandle& handle) {
  unsigned long long inode = 0;
  unsigned device = 0, number = 0, handle_type = 0;
  if (std::sscanf(std::string(line).c_str(), "inotify wd:%x ino:%llx sdev:%x mask:%x", &number, &inode, &device,
                  &watch.mask) != 4)
    return false;
  watch.number = static_cast<std::int32_t>(number);
  constexpr unsigned kMinorBits = 20;  // as the kernel has them
  handle.device = makedev(device >> kMinorBits, device & ((1u << kMinorBits) - 1));
  handle.inode = inode;
  constexpr std::string_view kType = "fhandle-type:", kHandle = "f_handle:";
  if (const auto at = line.find(kType); at != std::string_view::npos)
    std::sscanf(std::string(line.substr(at + kType.size())).c_str(), "%x", &handle_type);
  handle.type = static_cast<int>(handle_type);
  if (const auto at = line.find(kHandle); at != std::string_view::npos)
    handle.bytes = from_hex(line.substr(at + kHandle.size()));
  return true;
}

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& all) {
  int unread = 0;
  if (all.guest_stands() && ioctl(file.fd, FIONREAD, &unread) == 0 && unread != 0)
    refuse(file, "it has events that have not been read");
  InotifyDetail detail;
  for (const std::string_view line : split_lines(file.info)) {
    Watch watch;
    InodeHandle handle;
    if (!read_watch(line, watch, handle)) continue;
    watch.path = find_inode_path(handle);
    if (watch.path.empty()) {
      refuse(file, "what it watches under number " + std::to_string(watch.number) + " (inode " +
                       std::to_string(handle.inode) +
                       ") has been deleted, or cannot be found without rights of the administrator");
    }
    detail.watches.push_back(std::move(watch));
  }
  return encode(detail);
}

void check(const Description& description) {
  for (const Watch& watch : detail_of<InotifyDetail>(description).watches) {
    if (watch.number <= 0 || !watch.path.starts_with("/") || watch.mask == 0)
      throw PermanentError("an inotify watches " + shortened(watch.path));
  }
}

UniqueFd reopen(const Description& /*description*/) {
  UniqueFd fd(inotify_init1(IN_CLOEXEC));
  if (!fd) throw EnvironmentError(with_errno("inotify", errno));
  return fd;
}

// Where the kernel does not give a number of one's choice, the numbers before it are used up, as far as there are few.
int add(int fd, const Watch& watch) {
  constexpr std::int32_t kFew = 100000;
  const bool chosen = ioctl(fd, kSetNextNumber, static_cast<long>(watch.number)) == 0;
  for (;;) {
    const int number = inotify_add_watch(fd, watch.path.c_str(), watch.mask | IN_DONT_FOLLOW);
    if (number < 0 || number == watch.number || chosen || number > watch.number || watch.number > kFew) return number;
    inotify_rm_watch(fd, number);
    inotify_event gone;
    static_cast<void>(!read(fd, &gone, sizeof gone));  // IN_IGNORED
  }
}

// Late: a restart itself opens and changes files.
void refill(int fd, const Description& description) {
  auto detail = detail_of<InotifyDetail>(description);
  std::sort(detail.watches.begin(), detail.watches.end(),
            [](const Watch& a, const Watch& b) { return a.number < b.number; });
  for (const Watch& watch : detail.watches) {
    const int number = add(fd, watch);
    if (number != watch.number)
      throw EnvironmentError(with_errno("cannot watch " + watch.path + " again (inotify)", number < 0 ? errno : EBUSY));
  }
}

}  // namespace

extern const DescriptorKind inotify_descriptor;
const DescriptorKind inotify_descriptor = {
    .number = 18,
    .name = "inotify",
    .inheritable = false,
    .recognise = [](const OpenFile& file) { return file.path == "anon_inode:inotify"; },
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = refill,
    .documentation =
        {"inotify", "what is watched, by path; numbers, masks",
         "refused while it has events that were not read; without CAP_DAC_READ_SEARCH only what lies where "
         "the program's files mostly are is found; what a restart does to files may be told",
         "tests/state/descriptors/inotify.cpp"},
};

}  // namespace cairn::state
