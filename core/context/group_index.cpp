// SPDX-License-Identifier: Apache-2.0
#include "core/context/group_index.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "core/base/codec.hpp"
#include "core/base/error.hpp"
#include "core/base/modes.hpp"
#include "core/base/unique_fd.hpp"
#include "core/base/write_all.hpp"
#include "core/context/checksum.hpp"

namespace cairn::context {
namespace {

constexpr std::size_t kMost = 16UL << 20;  // bytes

void check(const GroupIndex& index, const std::string& name) {
  std::set<std::int32_t> numbers;
  const auto damaged = [&](const GroupProcess& process, const char* why) {
    throw PermanentError(name + ": process " + std::to_string(process.pid) + " " + why);
  };
  if (index.processes.empty() || index.processes.front().ended) throw PermanentError(name + " has no process");
  for (const GroupProcess& process : index.processes) {
    if (process.pid <= 0 || process.parent < 0 || process.group < 0 || process.session < 0)
      damaged(process, "has numbers that make no sense");
    const bool of_nobody = process.parent == 0 && !process.ended && !index.leader_beside;
    if (!numbers.empty() && !of_nobody && numbers.count(process.parent) == 0) damaged(process, "has no parent");
    if (!numbers.insert(process.pid).second) damaged(process, "is there twice");
    if (process.ended && (process.status & ~0xffff) != 0) damaged(process, "has an impossible status");
  }
}

std::vector<std::uint8_t> read_whole(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0) throw EnvironmentError(with_errno(path, errno));
  if (!S_ISREG(st.st_mode) || static_cast<std::size_t>(st.st_size) > kMost)
    throw PermanentError(path + " is not the index of a group");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(st.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::read(fd.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw EnvironmentError(with_errno(path, errno));
    if (n == 0) throw PermanentError(path + " became shorter while it was read");
    at += static_cast<std::size_t>(n);
  }
  return bytes;
}

}  // namespace

std::string group_file_name(std::int32_t pid) { return std::to_string(pid) + group_file_suffix; }

bool is_group_name(const std::string& name) {
  if (name == group_index_name || name == group_objects_name) return true;
  if (name.size() <= sizeof group_file_suffix - 1 || !name.ends_with(group_file_suffix)) return false;
  return std::all_of(name.begin(), name.end() - (sizeof group_file_suffix - 1),
                     [](char c) { return c >= '0' && c <= '9'; });
}

bool is_group(const std::string& directory) {
  struct stat st {};
  return ::stat((directory + "/" + group_index_name).c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

void require_group(const std::string& directory) {
  struct stat st {};
  const std::string index = directory + "/" + group_index_name;
  const bool found = ::stat(index.c_str(), &st) == 0;
  if (found && S_ISREG(st.st_mode)) return;
  if (!found && errno != ENOENT) throw EnvironmentError(with_errno(index, errno));
  throw PermanentError(directory + " is a directory, but not one of a process tree: " +
                       (found ? std::string("'") + group_index_name + "' in it is no regular file"
                              : std::string("it has no file '") + group_index_name + "'") +
                       "; see ompi-snapshot for those of MPI jobs");
}

std::string leader_file_beside(const std::string& directory) {
  return directory.substr(0, directory.size() - (sizeof group_beside_suffix - 1)) + group_file_suffix;
}

std::string group_beside(const std::string& file) {
  if (!file.ends_with(group_file_suffix))
    throw PermanentError(file + " has no tree: its name does not end in " + group_file_suffix);
  return file.substr(0, file.size() - (sizeof group_file_suffix - 1)) + group_beside_suffix;
}

std::uint64_t write_group_index(int directory, GroupIndex index, bool sync) {
  std::vector<std::uint8_t> bytes = encode(index);
  GroupIndexHead head;
  head.length = bytes.size();
  head.checksum = checksum64(bytes.data(), bytes.size());
  head.flags = index.leader_beside ? GroupIndexHead::leader_beside : 0;
  const std::string name = "the index of the group";
  const UniqueFd fd(::openat(directory, group_index_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) throw EnvironmentError(with_errno("cannot create " + name, errno));
  complete_mode(fd.get(), 0600);
  write_all(fd.get(), &head, sizeof head, name);
  write_all(fd.get(), bytes.data(), bytes.size(), name);
  if (sync && (::fsync(fd.get()) != 0 || ::fsync(directory) != 0))
    throw EnvironmentError(with_errno("cannot write " + name, errno));
  return head.checksum;
}

GroupIndex parse_group_index(std::span<const std::uint8_t> bytes, const std::string& name) {
  GroupIndexHead head;
  if (bytes.size() < sizeof head) throw PermanentError(name + " is too short");
  std::memcpy(&head, bytes.data(), sizeof head);
  const std::span<const std::uint8_t> content = bytes.subspan(sizeof head);
  if (head.magic != GroupIndexHead::known_magic) throw PermanentError(name + " is not the index of a group");
  if (head.version != GroupIndexHead::known_version) {
    throw PermanentError(name + " is of version " + std::to_string(head.version) + ", this program knows " +
                         std::to_string(GroupIndexHead::known_version));
  }
  if ((head.flags & ~GroupIndexHead::leader_beside) != 0 || head.length != content.size() ||
      head.checksum != checksum64(content.data(), content.size()))
    throw PermanentError(name + " is damaged");
  GroupIndex index = decode<GroupIndex>(content, name);
  index.leader_beside = head.flags != 0;
  check(index, name);
  return index;
}

namespace {

GroupIndex read_index(const std::string& directory, const std::uint64_t* checksum) {
  const std::string name = directory + "/" + group_index_name;
  const std::vector<std::uint8_t> bytes = read_whole(name);
  GroupIndex index = parse_group_index(bytes, name);
  if (index.leader_beside && !directory.ends_with(group_beside_suffix))
    throw PermanentError(directory + " has been renamed: the file of its first process is looked for beside it");
  GroupIndexHead head;
  std::memcpy(&head, bytes.data(), sizeof head);
  if (checksum != nullptr && head.checksum != *checksum)
    throw PermanentError(name + " is not the one that the checkpoint was completed with");
  return index;
}

}  // namespace

GroupIndex read_group_index(const std::string& directory) { return read_index(directory, nullptr); }
GroupIndex read_group_index(const std::string& directory, std::uint64_t checksum) {
  return read_index(directory, &checksum);
}

std::string member_path(const std::string& directory, const GroupIndex& index, std::size_t place) {
  if (place == 0 && index.leader_beside) return leader_file_beside(directory);
  return directory + "/" + group_file_name(index.processes.at(place).pid);
}

Reader open_member(const std::string& directory, const GroupIndex& index, std::size_t place) {
  const GroupProcess& process = index.processes.at(place);
  const std::string path = member_path(directory, index, place);
  Reader reader = Reader::open(path);
  if (reader.header().pid != static_cast<std::uint32_t>(process.pid) ||
      reader.trailer().index_checksum != process.checksum)
    throw PermanentError(path + " is not the file that the group was saved with");
  return reader;
}

}  // namespace cairn::context
