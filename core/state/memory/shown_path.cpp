// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/shown_path.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/long_path.hpp"
#include "core/state/descriptors/inode_path.hpp"

namespace cairn::state {
namespace {

constexpr std::string_view kDeleted = " (deleted)", kNewline = "\\012";
constexpr std::size_t kMostPlaces = 10;

bool leads_to(const std::string& path, std::uint64_t inode) {
  struct stat status {};
  return stat_path(path, status) && status.st_ino == inode;
}

// Where newlines may have been.
std::vector<std::size_t> places_of(const std::string& shown) {
  std::vector<std::size_t> places;
  for (std::size_t at = 0; (at = shown.find(kNewline, at)) != std::string::npos; at += kNewline.size())
    places.push_back(at);
  return places;
}

// Bit i of `choice`: is the place i a backslash and three digits after all?
std::string with_newlines(const std::string& shown, const std::vector<std::size_t>& places, std::size_t choice) {
  std::string path;
  std::size_t done = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if ((choice >> i & 1) != 0) continue;
    path.append(shown, done, places[i] - done);
    path += '\n';
    done = places[i] + kNewline.size();
  }
  return path.append(shown, done);
}

}  // namespace

ShownPath path_of_mapping(const std::string& shown, std::uint64_t device, std::uint64_t inode) {
  const auto places = places_of(shown);
  const std::size_t choices = std::size_t{1} << std::min(places.size(), kMostPlaces);
  for (std::size_t choice = 0; choice < choices; ++choice) {
    const std::string path = with_newlines(shown, places, choice);
    if (leads_to(path, inode)) return {path, false};
  }
  std::string path = with_newlines(shown, places, 0);
  const bool deleted = path.ends_with(kDeleted);
  if (deleted) {
    path.resize(path.size() - kDeleted.size());
    if (const std::string other = find_other_link(path, device, inode); !other.empty()) return {other, false};
  }
  return {path, deleted};
}

const ShownPath& ShownPaths::of(const SharedText& shown, std::uint64_t device, std::uint64_t inode) {
  const auto [known, fresh] = shown_.try_emplace({device, inode, shown.string()});
  if (fresh) known->second = {shown, path_of_mapping(shown, device, inode)};
  return known->second.path;
}

bool ShownPaths::is_no_file(const std::string& path) {
  const auto [known, fresh] = no_file_.try_emplace(path);
  struct stat status {};
  if (fresh) known->second = stat_path(path, status) && !S_ISREG(status.st_mode);
  return known->second;
}

}  // namespace cairn::state
