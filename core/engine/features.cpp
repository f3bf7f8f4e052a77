// SPDX-License-Identifier: Apache-2.0
#include "core/engine/features.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/unique_fd.hpp"
#include "core/engine/pagemap.hpp"

namespace cairn::engine {

namespace {

constexpr std::size_t kPage = 4096;

// One page of our own to try things on.
class ProbePage {
 public:
  ProbePage() : memory_(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~ProbePage() {
    if (good()) munmap(memory_, kPage);
  }
  ProbePage(const ProbePage&) = delete;
  ProbePage& operator=(const ProbePage&) = delete;
  bool good() const { return memory_ != MAP_FAILED; }
  std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(memory_); }
  void touch(char value) const { *static_cast<volatile char*>(memory_) = value; }

 private:
  void* memory_;
};

bool probe_pagemap_scan(int pagemap, const ProbePage& page) {
  page.touch(1);
  PageRegion region{};
  PagemapScan scan{};
  scan.size = sizeof scan;
  scan.start = page.address();
  scan.end = page.address() + kPage;
  scan.vec = reinterpret_cast<std::uintptr_t>(&region);
  scan.vec_len = 1;
  scan.category_anyof_mask = scan.return_mask = kPagePresent | kPageSwapped;
  return ioctl(pagemap, kPagemapScan, &scan) == 1 && region.start == page.address();
}

bool probe_aio() {
  aio_context_t context = 0;
  if (syscall(SYS_io_setup, 1, &context) != 0) return false;
  syscall(SYS_io_destroy, context);
  return true;
}

bool masked(std::string_view name) {
  const char* list = std::getenv("CAIRN_MASK_FEATURES");
  if (list == nullptr) return false;
  for (std::string_view rest = list; !rest.empty();) {
    const auto comma = rest.find(',');
    if (rest.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return false;
}

Features probe() {
  Features f;
  const ProbePage page;
  const UniqueFd pagemap(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  f.pagemap_scan = !masked("pagemap_scan") && pagemap && page.good() && probe_pagemap_scan(pagemap.get(), page);
  f.aio = !masked("aio") && probe_aio();
  f.fsgsbase = fsgsbase();
  f.close_range = !masked("close_range") && (close_range(~0u, ~0u, 0) == 0 || errno != ENOSYS);
  const UniqueFd device(open("/dev/cairn", O_RDWR | O_CLOEXEC));
  if (masked("kmod")) {
    f.kmod = "/dev/cairn is masked by CAIRN_MASK_FEATURES";
  } else if (!device) {
    const int error = errno;
    f.kmod = "the kernel module is not loaded (no /dev/cairn)";
    if (error != ENOENT) f.kmod = with_errno("/dev/cairn cannot be opened", error);
  }
  return f;
}

}  // namespace

bool fsgsbase() {
  constexpr unsigned long kHasFsgsbase = 1UL << 1;  // HWCAP2_FSGSBASE
  return (getauxval(AT_HWCAP2) & kHasFsgsbase) != 0 && !masked("fsgsbase");
}

const Features& features() {
  static const Features found = probe();
  return found;
}

// Writing clear_refs succeeds on kernels without soft-dirty too: what counts is the bit. Clearing it costs this
// process a write fault for every page it touches afterwards, so a child does the trying.
bool soft_dirty_works() {
  if (masked("soft_dirty")) return false;
  const pid_t child = static_cast<pid_t>(syscall(SYS_clone, 0, 0, 0, 0, 0));
  if (child < 0) return false;
  if (child == 0) {
    int answer = 1;
    const ProbePage page;
    const int clear = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    std::uint64_t entry = 0;
    const off_t at = static_cast<off_t>(page.address() / kPage * sizeof entry);
    const auto dirty = [&] { return pread(pagemap, &entry, sizeof entry, at) == 8 && (entry & kEntrySoftDirty) != 0; };
    if (page.good() && clear >= 0 && pagemap >= 0) {
      page.touch(1);
      if (write(clear, "4", 1) == 1 && !dirty()) {
        page.touch(2);
        if (dirty()) answer = 0;
      }
    }
    _exit(answer);
  }
  int status = 0;
  while (syscall(SYS_wait4, child, &status, __WALL, nullptr) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool write_protect_async_works() {
  if (masked("write_protect_async") || !features().pagemap_scan) return false;
  constexpr std::uint64_t kWpUnpopulated = 1 << 13, kWpAsync = 1 << 15;
  const UniqueFd fd(static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY)));
  if (!fd) return false;
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = kWpUnpopulated | kWpAsync;
  return ioctl(fd.get(), UFFDIO_API, &api) == 0;
}

}  // namespace cairn::engine
