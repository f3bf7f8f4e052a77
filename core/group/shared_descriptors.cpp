// SPDX-License-Identifier: Apache-2.0
#include "core/group/shared_descriptors.hpp"

#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/text.hpp"

namespace cairn::group {
namespace {

struct Place {
  pid_t pid;
  int fd;
  mode_t mode;
};
using ByFile = std::map<std::pair<dev_t, ino_t>, std::vector<Place>>;

std::string path_of(const Place& place) {
  return "/proc/" + std::to_string(place.pid) + "/fd/" + std::to_string(place.fd);
}

bool is_standard(const struct stat& status, const std::array<cairn_control_file, 3>& standard) {
  return std::any_of(standard.begin(), standard.end(), [&](const cairn_control_file& file) {
    return file.device == status.st_dev && file.inode == status.st_ino;
  });
}

// Of devices the kinds of descriptors let only those pass that have no state, or are terminals.
bool counts(const struct stat& status, const std::array<cairn_control_file, 3>& standard) {
  return !S_ISCHR(status.st_mode) && !is_standard(status, standard);
}

ByFile look(const std::vector<pid_t>& processes, const std::array<cairn_control_file, 3>& standard) {
  ByFile files;
  for (const pid_t pid : processes) {
    const std::vector<std::string> names = directory_entries("/proc/" + std::to_string(pid) + "/fd");
    if (names.empty()) throw TemporaryError("what process " + std::to_string(pid) + " has open cannot be seen");
    for (const std::string& name : names) {
      Place place{pid, static_cast<int>(to_number(name)), 0};
      struct stat status {};
      if (stat(path_of(place).c_str(), &status) != 0 || !counts(status, standard)) continue;
      place.mode = status.st_mode;
      files[{status.st_dev, status.st_ino}].push_back(place);
    }
  }
  return files;
}

// Two ends of a pipe are two descriptions, and yet one object.
bool in_common(const Place& a, const Place& b) {
  if (a.pid == b.pid) return false;
  if (S_ISFIFO(a.mode) || S_ISSOCK(a.mode)) return true;
  const long order = syscall(SYS_kcmp, a.pid, b.pid, KCMP_FILE, a.fd, b.fd);
  if (order < 0)
    throw TemporaryError(with_errno("whether processes " + std::to_string(a.pid) + " and " + std::to_string(b.pid) +
                                        " share " + read_link(path_of(a)) + " cannot be found out",
                                    errno));
  return order == 0;
}

void refuse_pairs(const std::vector<Place>& places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = i + 1; j < places.size(); ++j) {
      if (!in_common(places[i], places[j])) continue;
      throw TemporaryError("processes " + std::to_string(places[i].pid) + " and " + std::to_string(places[j].pid) +
                           " share " + read_link(path_of(places[i])) + " (descriptors " + std::to_string(places[i].fd) +
                           " and " + std::to_string(places[j].fd) + "), which cannot be saved yet");
    }
  }
}

}  // namespace

void refuse_shared_descriptors(const std::vector<pid_t>& processes, const std::array<cairn_control_file, 3>& standard) {
  for (const auto& [file, places] : look(processes, standard)) refuse_pairs(places);
}

}  // namespace cairn::group
