// SPDX-License-Identifier: Apache-2.0
// A program to be checkpointed by each engine in turn (tests/vm/engine_table.bash).
//   engine_subject THREADS MIB dense|sparse|fragmented
// THREADS threads sleep; MIB MiB of pages have content: all of an area, one page in 64 of it, or every other page.
// Prints READY and waits for a signal.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kPage = 4096;

bool fill(std::size_t mib, std::size_t stride) {
  const std::size_t pages = mib * ((1u << 20) / kPage);
  void* area =
      mmap(nullptr, pages * stride * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) return false;
  madvise(area, pages * stride * kPage, MADV_NOHUGEPAGE);
  std::uint64_t x = 88172645463325252u;
  for (std::size_t page = 0; page < pages; ++page) {
    auto* words = reinterpret_cast<std::uint64_t*>(static_cast<char*>(area) + page * stride * kPage);
    for (std::size_t i = 0; i < kPage / sizeof *words; ++i) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      words[i] = x;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string kind = argv[3];
  const std::size_t stride = kind == "sparse" ? 64 : kind == "fragmented" ? 2 : 1;
  if (!fill(std::strtoull(argv[2], nullptr, 10), stride)) return 1;
  std::vector<std::thread> threads;
  for (int i = 1; i < std::atoi(argv[1]); ++i) threads.emplace_back([] { pause(); });
  std::puts("READY");
  std::fflush(stdout);
  pause();
  return 0;
}
