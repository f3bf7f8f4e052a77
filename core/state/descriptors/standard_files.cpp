// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/standard_files.hpp"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "core/base/codec.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

// Identity of what the process was started with at 0, 1 and 2.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
};
std::array<Identity, 3> inherited;
// And above: what the starter had open, and has perhaps forgotten to close.
std::map<int, Identity> open_at_start;
bool noted = false;

struct Told {
  struct File {
    std::int32_t fd = 0;
    std::uint64_t device = 0, inode = 0;
    template <class Archive>
    void fields(Archive& a) {
      a(fd, device, inode);
    }
  };
  std::vector<File> files;
  template <class Archive>
  void fields(Archive& a) {
    a(files);
  }
};

// A terminal, pipe or socket is known by its identity alone. Of anything else there may be many open file descriptions
// (all eventfds have one inode), so one that was inherited must still be there to compare with.
bool known_by_identity(const OpenFile& file) {
  const mode_t mode = file.status.st_mode;
  return (S_ISCHR(mode) && !is_harmless_device(file.status)) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

bool was_inherited_as(const OpenFile& file, int number) {
  const cairn_control_file identity = standard_files()[static_cast<std::size_t>(number)];
  return identity.inode == file.status.st_ino && identity.device == file.status.st_dev;
}

}  // namespace

StandardFiles standard_files() noexcept {
  if (const GroupScope* scope = group_scope()) return scope->standard;
  StandardFiles own;
  for (std::size_t i = 0; i < own.size(); ++i) own[i] = {inherited[i].device, inherited[i].inode};
  return own;
}

void note_standard_files() noexcept {
  if (std::exchange(noted, true)) return;
  for (int fd = 0; fd < 3; ++fd) {
    struct stat status {};
    inherited[fd] = fstat(fd, &status) == 0 ? Identity{status.st_dev, status.st_ino} : Identity{};
  }
  for (int fd : host::guest_fds()) {
    struct stat status {};
    if (fd > STDERR_FILENO && fstat(fd, &status) == 0) open_at_start[fd] = {status.st_dev, status.st_ino};
  }
}

std::vector<std::uint8_t> told_standard_files() {
  Told told;
  for (int fd = 0; fd < 3; ++fd) told.files.push_back({fd, inherited[fd].device, inherited[fd].inode});
  for (const auto& [fd, file] : open_at_start) told.files.push_back({fd, file.device, file.inode});
  return encode(told);
}

void note_standard_files_as(std::span<const std::uint8_t> bytes) {
  noted = true;
  for (const Told::File& file : decode<Told>(bytes, "files at the start").files) {
    Identity& identity = file.fd >= 0 && file.fd < 3 ? inherited[file.fd] : open_at_start[file.fd];
    identity = {file.device, file.inode};
  }
}

bool was_open_at_start(const OpenFile& file) {
  const auto found = open_at_start.find(file.fd);
  return found != open_at_start.end() && found->second.inode == file.status.st_ino &&
         found->second.device == file.status.st_dev;
}

std::optional<int> description_order(const OpenFile& a, const OpenFile& b) {
  switch (raw_syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a.fd, b.fd)) {
    case 0:
      return 0;
    case 1:
      return -1;
    case 2:
      return 1;
    default:
      return std::nullopt;
  }
}

bool same_description(const OpenFile& a, const OpenFile& b) {
  if (a.status.st_ino != b.status.st_ino || a.status.st_dev != b.status.st_dev || a.flags != b.flags ||
      a.offset != b.offset)
    return false;
  if (const auto order = description_order(a, b)) return *order == 0;
  // A kernel without kcmp: a status flag changed through one shows through the other. The guest's other threads
  // stand or do not care about this moment.
  const long changed = a.flags ^ O_NONBLOCK;
  if (is_error(raw_syscall(SYS_fcntl, a.fd, F_SETFL, changed))) return false;
  const bool same = raw_syscall(SYS_fcntl, b.fd, F_GETFL) == changed;
  raw_syscall(SYS_fcntl, a.fd, F_SETFL, a.flags);
  return same;
}

bool is_harmless_device(const struct stat& status) {
  if (!S_ISCHR(status.st_mode)) return false;
  const dev_t device = status.st_rdev;
  if (device == makedev(5, 0)) return true;                        // tty
  static constexpr std::array<unsigned, 5> minors{3, 5, 7, 8, 9};  // null, zero, full, random, urandom
  return major(device) == 1 && std::find(minors.begin(), minors.end(), minor(device)) != minors.end();
}

int standard_of(const OpenFile& file, const std::vector<OpenFile>& files) {
  if (file.fd <= 2 && was_inherited_as(file, file.fd)) return file.fd;
  const std::array<int, 3> order = (file.flags & O_ACCMODE) == O_RDONLY ? std::array{0, 1, 2} : std::array{1, 2, 0};
  for (int number : order) {
    if (!was_inherited_as(file, number)) continue;
    if (known_by_identity(file)) return number;
    auto other = std::find_if(files.begin(), files.end(), [&](const OpenFile& f) { return f.fd == number; });
    if (other != files.end() && same_description(file, *other)) return number;
  }
  return -1;
}

bool goes_on_by_choice(const Description& description) {
  return description.kind == regular_file_number || description.kind == nameless_file_number;
}

// Who redirects output wants it there. Input is another matter: what the new process has at 0 has often been chosen by
// nobody, and the program stands in the middle of its file.
bool takes_new_standard(int number, const std::string& choice) {
  if (choice == "saved" || is_error(raw_syscall(SYS_fcntl, number, F_GETFD))) return false;
  if (choice == "new") return true;
  return number != STDIN_FILENO && isatty(number) == 0;
}

bool is_same_standard(const Description& a, const Description& b) {
  return a.standard >= 0 && b.standard >= 0 && a.kind == b.kind && a.path == b.path && a.flags == b.flags &&
         a.detail == b.detail;
}

std::vector<std::pair<int, UniqueFd>> open_standard_files(const FilesState& files, const restart::Options& options) {
  std::vector<std::pair<int, UniqueFd>> result;
  std::vector<Description> opened;
  for (Description description : files.descriptions) {
    if (description.standard < 0 || description.kind != regular_file_number ||
        takes_new_standard(description.standard, options.stdio))
      continue;
    description.path = restart::relocated(options, description.path);
    const auto same = std::find_if(opened.begin(), opened.end(),
                                   [&](const Description& other) { return is_same_standard(other, description); });
    result.emplace_back(description.standard,
                        same == opened.end()
                            ? find_descriptor_kind(description.kind)->reopen(description)
                            : UniqueFd(fcntl(result[same - opened.begin()].second.get(), F_DUPFD_CLOEXEC, 0)));
    opened.push_back(std::move(description));
  }
  return result;
}

}  // namespace cairn::state
