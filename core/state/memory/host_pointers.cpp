// SPDX-License-Identifier: Apache-2.0
#include "core/state/memory/host_pointers.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/abi/layout.h"
#include "core/base/unique_fd.hpp"

namespace cairn::state {
namespace {

constexpr std::size_t kPagesAtOnce = 512;
constexpr std::uint64_t kPresentOrSwapped = 3UL << 62;

struct HostRange {
  std::uint64_t start, end;
  std::string name;
};

std::vector<HostRange> host_ranges() {
  std::vector<HostRange> result;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    HostRange range;
    char prot[5] = {};
    int name_at = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %n", &range.start, &range.end, prot,
                    &name_at) < 3)
      continue;
    if (range.start < CAIRN_ARENA_TOP || std::strncmp(prot, "---", 3) == 0) continue;
    range.name = name_at > 0 ? line.substr(static_cast<std::size_t>(name_at)) : "";
    result.push_back(range);
  }
  return result;
}

class Scan {
 public:
  explicit Scan(std::vector<HostPointer>& found) : found_(found), ranges_(host_ranges()) {
    memory_.reset(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
    pagemap_.reset(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  }

  void area(const Area& area) {
    for (std::uint64_t at = area.start; at < area.end; at += kPagesAtOnce * CAIRN_PAGE_SIZE) {
      std::uint64_t entries[kPagesAtOnce] = {};
      const std::uint64_t pages = std::min<std::uint64_t>(kPagesAtOnce, (area.end - at) / CAIRN_PAGE_SIZE);
      if (pread(pagemap_.get(), entries, pages * 8, static_cast<off_t>(at / CAIRN_PAGE_SIZE * 8)) <= 0) continue;
      for (std::uint64_t i = 0; i < pages; ++i) {
        if ((entries[i] & kPresentOrSwapped) != 0) page(area, at + i * CAIRN_PAGE_SIZE);
      }
    }
  }

 private:
  void page(const Area& area, std::uint64_t at) {
    std::uint64_t words[CAIRN_PAGE_SIZE / 8];
    if (pread(memory_.get(), words, sizeof words, static_cast<off_t>(at)) != static_cast<ssize_t>(sizeof words)) return;
    for (std::size_t i = 0; i < CAIRN_PAGE_SIZE / 8; ++i) {
      if (words[i] < CAIRN_ARENA_TOP) continue;
      const HostRange* range = range_of(words[i]);
      if (range != nullptr) found_.push_back({at + i * 8, words[i], area.path, range->name});
    }
  }

  const HostRange* range_of(std::uint64_t value) const {
    auto after = std::upper_bound(ranges_.begin(), ranges_.end(), value,
                                  [](std::uint64_t v, const HostRange& r) { return v < r.start; });
    if (after == ranges_.begin()) return nullptr;
    --after;
    return value < after->end ? &*after : nullptr;
  }

  std::vector<HostPointer>& found_;
  std::vector<HostRange> ranges_;
  UniqueFd memory_, pagemap_;
};

}  // namespace

bool host_pointer_scan_wanted() noexcept {
  const char* debug = std::getenv("CAIRN_DEBUG");
  return debug != nullptr && std::strstr(debug, "pointers") != nullptr;
}

std::vector<HostPointer> find_host_pointers(std::span<const Area> areas) {
  std::vector<HostPointer> found;
  Scan scan(found);
  for (const Area& area : areas) scan.area(area);
  return found;
}

std::string describe(const std::vector<HostPointer>& found, std::size_t most) {
  std::ostringstream text;
  text << std::hex;
  for (std::size_t i = 0; i < found.size() && i < most; ++i) {
    text << "cairn: host pointer " << found[i].value << " (" << found[i].host_area << ") at " << found[i].where << " ("
         << found[i].guest_area << ")\n";
  }
  text << std::dec << "cairn: " << found.size() << " words of guest memory look like pointers into the host\n";
  return text.str();
}

}  // namespace cairn::state
