// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/room.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "core/abi/layout.h"
#include "core/base/error.hpp"
#include "core/base/proc.hpp"

namespace cairn::state {
namespace {

constexpr std::size_t kOfRestart = 32;  // the image, its threads' and what is made in pairs

// Of the program's memory: each is open from before there is any until it is mapped.
std::size_t mapped_files() {
  std::set<std::pair<std::string, std::string>> files;  // device and inode
  const std::string maps = read_file_or_throw("/proc/self/maps");
  for (const std::string_view line : split_lines(maps)) {
    constexpr std::size_t kDevice = 3, kInode = 4;
    const auto words = split_words(line);
    const bool of_program = to_number(line, 16) < CAIRN_ARENA_TOP;
    if (of_program && words.size() > kInode && words[kInode] != "0") files.emplace(words[kDevice], words[kInode]);
  }
  return files.size();
}

}  // namespace

void check_room_for_restart(std::size_t of_program) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const std::size_t all = directory_entries("/proc/self/fd").size(), mapped = mapped_files();
  const std::size_t others = all - std::min(all, of_program) + kOfRestart;
  if (of_program + mapped + others <= limit.rlim_max) return;
  throw TemporaryError("it has " + std::to_string(of_program) + " descriptors open and " + std::to_string(mapped) +
                       " files or shared memories mapped, and a restart needs " + std::to_string(others) +
                       " more; the hard limit of open files (ulimit -Hn) is " + std::to_string(limit.rlim_max) +
                       ": start it with a higher one, or close some");
}

void check_room_for_sharing(std::size_t shared, std::size_t processes) {
  constexpr std::size_t kOfEach = 3;  // its image, a connection with it
  rlimit limit{};
  const std::size_t needed = shared + kOfEach * processes + kOfRestart;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || needed <= limit.rlim_max) return;
  throw TemporaryError("its processes have " + std::to_string(shared) +
                       " open files and memories in common, all of which a restart has open at once; the hard limit of "
                       "open files (ulimit -Hn) is " +
                       std::to_string(limit.rlim_max) + ": start them with a higher one");
}

void DescriptorRoom::make(std::span<const Descriptor> wanted) {
  const auto highest = std::max_element(wanted.begin(), wanted.end(),
                                        [](const Descriptor& a, const Descriptor& b) { return a.number < b.number; });
  rlimit now{};
  if (highest == wanted.end() || getrlimit(RLIMIT_NOFILE, &now) != 0) return;
  const rlim_t needed = static_cast<rlim_t>(highest->number) + 1;
  if (needed <= now.rlim_max) return make_all();
  constexpr rlim_t kOfHost = 256;  // above them, where none is left below
  const rlimit higher{needed + kOfHost, needed + kOfHost};
  if (setrlimit(RLIMIT_NOFILE, &higher) != 0) {
    throw EnvironmentError("the program has descriptor " + std::to_string(highest->number) +
                           " open; the hard limit of open files (ulimit -Hn) is " + std::to_string(now.rlim_max) +
                           " here: raise it");
  }
  before_ = now;
}

void DescriptorRoom::make_all() {
  rlimit now{};
  if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur >= now.rlim_max) return;
  const rlimit higher{now.rlim_max, now.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &higher) == 0) before_ = now;
}

void DescriptorRoom::close() {
  if (before_) setrlimit(RLIMIT_NOFILE, &*before_);
  before_.reset();
}

}  // namespace cairn::state
