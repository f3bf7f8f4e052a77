// SPDX-License-Identifier: Apache-2.0
#include "core/base/proc.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"

namespace cairn {

std::optional<std::string> read_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  char part[4096];  // as much as the kernel gives at a time of files in /proc; the stack may be a small one
  for (;;) {
    const ssize_t n = read(fd.get(), part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) return text;
    text.append(part, static_cast<std::size_t>(n));
  }
}

std::string read_file_or_throw(const std::string& path) {
  auto text = read_file(path);
  if (!text) throw EnvironmentError(with_errno("cannot read " + path, errno));
  return std::move(*text);
}

bool write_file(const std::string& path, std::string_view text) noexcept {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string read_link(const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t n = readlink(path.c_str(), target.data(), target.size());
  target.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return target;
}

namespace {

template <class Wanted>
std::vector<std::string> entries(const std::string& path, const Wanted& wanted) {
  std::vector<std::string> names;
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  alignas(dirent64) char buffer[8192];
  for (ssize_t n; fd && (n = getdents64(fd.get(), buffer, sizeof buffer)) > 0;) {
    for (ssize_t at = 0; at < n;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::string_view name = entry->d_name;
      if (name != "." && name != ".." && wanted(*entry)) names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace

std::vector<std::string> directory_entries(const std::string& path) {
  return entries(path, [](const dirent64&) { return true; });
}

std::vector<std::string> entries_of_inode(const std::string& path, std::uint64_t inode) {
  return entries(path, [&](const dirent64& entry) { return entry.d_ino == inode; });
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = line.find_first_of(" \t");
    words.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return words;
    line.remove_prefix(end);
  }
}

std::string_view field(std::string_view text, std::string_view name) {
  for (std::string_view line : split_lines(text)) {
    if (line.size() <= name.size() || line.substr(0, name.size()) != name || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    const std::size_t begin = line.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view() : line.substr(begin);
  }
  return {};
}

std::uint64_t to_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

std::uint64_t shown_device(std::string_view shown) {
  const std::size_t colon = std::min(shown.find(':'), shown.size());
  const std::uint64_t major = to_number(shown.substr(0, colon), 16);
  const std::uint64_t minor = colon < shown.size() ? to_number(shown.substr(colon + 1), 16) : 0;
  return makedev(static_cast<unsigned>(major), static_cast<unsigned>(minor));
}

std::vector<std::string> children_of(const std::string& process) {
  const std::string tasks = "/proc/" + process + "/task/";
  std::vector<std::string> children;
  for (const std::string& tid : directory_entries(tasks)) {
    const std::string list = trimmed(read_file(tasks + tid + "/children").value_or(""));
    for (const std::string_view child : split_words(list)) children.emplace_back(child);
  }
  return children;
}

std::vector<std::string> stat_fields(const std::string& path) {
  const std::string text = read_file_or_throw(path);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) throw EnvironmentError(path + " has no name in parentheses");
  std::vector<std::string> fields;
  for (std::string_view word : split_words(std::string_view(text).substr(name_end + 1))) {
    while (!word.empty() && word.back() == '\n') word.remove_suffix(1);
    fields.emplace_back(word);
  }
  return fields;
}

bool has_ended(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  const std::string_view words = std::string_view(text).substr(text.rfind(')') + 1);  // all, if there is none
  const auto fields = split_words(words);
  return fields.empty() || fields[0] == "Z" || fields[0] == "X";
}

std::string name_of_process(pid_t pid) {
  const std::string number = std::to_string(pid);
  const std::string program = trimmed(read_file("/proc/" + number + "/comm").value_or(""));
  return "process " + number + (program.empty() ? "" : " (" + program + ")");
}

std::optional<uid_t> effective_user(std::string_view status) {
  const auto users = split_words(field(status, "Uid"));  // real, effective, saved, of the file system
  if (users.size() < 2) return std::nullopt;
  return static_cast<uid_t>(to_number(users[1]));
}

}  // namespace cairn
