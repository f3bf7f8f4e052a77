// SPDX-License-Identifier: Apache-2.0
// Inside a machine with cairn.ko: what CAIRN_KM_DUMP writes is byte for byte what is in memory, and nothing that was
// never touched. Prints one line a kind of area; exits 1 if any is wrong. The machine must have swap, 4 huge pages, and
// transparent huge pages at least on request.
//   kmod_dump [large]      large: 8 GiB of memory in use
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "kmod/cairn_uapi.h"

namespace {

constexpr std::size_t kPage = 4096;

struct Dumped {
  int error = 0;
  std::uint64_t next = 0;
  std::vector<cairn_km_run> runs;
  std::vector<cairn_km_chunk> chunks;
};

class Device {
 public:
  Device() : fd_(open("/dev/cairn", O_RDWR | O_CLOEXEC)), file_(fileno(std::tmpfile())) {}
  bool ok() const { return fd_ >= 0 && file_ >= 0; }
  int file() const { return file_; }

  // `room`: how many chunks one call may report, so that continuing is exercised as well.
  Dumped dump(const void* start, std::size_t length, unsigned room) {
    Dumped all;
    std::vector<cairn_km_run> runs(room * CAIRN_KM_RUNS_MAX);
    std::vector<cairn_km_chunk> chunks(room);
    cairn_km_dump d{};
    d.size = sizeof d;
    d.fd = file_;
    d.start = reinterpret_cast<std::uint64_t>(start);
    d.end = d.start + length;
    d.offset = 0;
    while (d.start < d.end) {
      d.runs = reinterpret_cast<std::uint64_t>(runs.data());
      d.chunks = reinterpret_cast<std::uint64_t>(chunks.data());
      d.runs_max = room * CAIRN_KM_RUNS_MAX;
      d.chunks_max = room;
      if (ioctl(fd_, CAIRN_KM_DUMP, &d) != 0) {
        all.error = errno;
        all.next = d.next;
        return all;
      }
      for (unsigned i = 0; i < d.chunk_count; ++i) {
        chunks[i].first_run += static_cast<std::uint32_t>(all.runs.size());
        all.chunks.push_back(chunks[i]);
      }
      all.runs.insert(all.runs.end(), runs.begin(), runs.begin() + d.run_count);
      d.start = d.next;
      d.offset = d.file_end;
    }
    all.next = d.next;
    return all;
  }

 private:
  int fd_, file_;
};

using Pages = std::vector<bool>;  // of an area, in order

// Which pages of [start, start + length) are in the file. `why`: a checksum, a run, or what is in them is wrong.
Pages stored_pages(const Device& device, const Dumped& dumped, const char* start, std::size_t length,
                   std::string& why) {
  Pages stored(length / kPage, false);
  for (const auto& chunk : dumped.chunks) {
    std::vector<char> bytes(chunk.bytes);
    if (pread(device.file(), bytes.data(), bytes.size(), static_cast<off_t>(chunk.offset)) !=
            static_cast<ssize_t>(bytes.size()) ||
        XXH64(bytes.data(), bytes.size(), 0) != chunk.checksum)
      why = "a checksum is wrong";
    std::size_t at = 0;
    for (unsigned i = 0; i < chunk.run_count && why.empty(); ++i) {
      const auto& run = dumped.runs.at(chunk.first_run + i);
      if ((run.flags & CAIRN_KM_RUN_ZERO) != 0) continue;
      const std::size_t offset = run.address - reinterpret_cast<std::uint64_t>(start), size = run.pages * kPage;
      if (offset + size > length || at + size > bytes.size())
        why = "a run is outside";
      else if (std::memcmp(start + offset, bytes.data() + at, size) != 0)
        why = "differs from memory";
      else
        std::fill_n(stored.begin() + static_cast<long>(offset / kPage), run.pages, true);
      at += size;
    }
    if (at != bytes.size() && why.empty()) why = "a chunk has more than its runs";
  }
  return stored;
}

char* map(std::size_t length, int prot = PROT_READ | PROT_WRITE, int flags = 0, int fd = -1) {
  const int kind = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_PRIVATE;
  void* p = mmap(nullptr, length, prot, kind | flags, fd, 0);
  return p == MAP_FAILED ? nullptr : static_cast<char*>(p);
}

void fill(char* at, std::size_t length) {
  static std::mt19937_64 random(1);
  for (std::size_t i = 0; i < length; i += 8) {
    const std::uint64_t v = random() | 1;
    std::memcpy(at + i, &v, 8);
  }
}

int failures = 0, number = 0;

void verdict(const std::string& name, bool good, const std::string& why = "") {
  ++number;
  std::printf("%s %d - %s%s%s\n", good ? "ok" : "not ok", number, name.c_str(), good ? "" : ": ",
              good ? "" : why.c_str());
  if (!good) ++failures;
}

// Dumps the area: exactly the pages `expected` must be in the file, with what is in memory.
void compare(Device& device, const std::string& name, char* area, std::size_t length, const Pages& expected,
             unsigned room = 16) {
  const Dumped dumped = device.dump(area, length, room);
  if (dumped.error != 0) return verdict(name, false, std::strerror(dumped.error));
  if (mprotect(area, length, PROT_READ | PROT_WRITE) != 0) return verdict(name, false, "mprotect");
  std::string why;
  const Pages stored = stored_pages(device, dumped, area, length, why);
  if (why.empty() && stored != expected) {
    why = std::to_string(std::count(stored.begin(), stored.end(), true)) + " pages stored, not " +
          std::to_string(std::count(expected.begin(), expected.end(), true)) + ", or others";
  }
  verdict(name, why.empty(), why);
}

// Gives content to `count` pages out of every `stride`, from page `first` on.
Pages touch(char* area, std::size_t length, std::size_t stride, std::size_t count = 1, std::size_t first = 0) {
  Pages pages(length / kPage, false);
  for (std::size_t page = first; page + count <= pages.size(); page += stride) {
    fill(area + page * kPage, count * kPage);
    std::fill_n(pages.begin() + static_cast<long>(page), count, true);
  }
  return pages;
}

void dense_and_fragmented(Device& device) {
  constexpr std::size_t kLength = 16 << 20;
  char* dense = map(kLength);
  const Pages all = touch(dense, kLength, 1);
  compare(device, "dense", dense, kLength, all);
  compare(device, "dense, little room", dense, kLength, all, 1);

  char* fragmented = map(kLength);
  const Pages half = touch(fragmented, kLength, 2);
  compare(device, "every other page", fragmented, kLength, half);
  compare(device, "every other page, little room", fragmented, kLength, half, 1);

  char* zeros = map(kLength);
  std::memset(zeros, 0, kLength);
  compare(device, "zeros written", zeros, kLength, touch(zeros, kLength, kLength / kPage, 1, 5));
}

void protections(Device& device) {
  constexpr std::size_t kLength = 1 << 20;
  char* hidden = map(kLength);
  const Pages all = touch(hidden, kLength, 1);
  mprotect(hidden, kLength, PROT_NONE);
  compare(device, "PROT_NONE", hidden, kLength, all);
  char* locked = map(kLength);
  const bool good = mlock(locked, kLength / 2) == 0;
  compare(device, "mlocked", locked, kLength, touch(locked, kLength, 2));
  if (!good) verdict("mlock", false, std::strerror(errno));
}

// KiB that /proc/self/smaps counts under `what` in the area that begins at `start`.
long kib_of(const char* start, const char* what) {
  std::ifstream smaps("/proc/self/smaps");
  char begin[32];
  std::snprintf(begin, sizeof begin, "%lx-", reinterpret_cast<unsigned long>(start));
  bool within = false;
  for (std::string line; std::getline(smaps, line);) {
    if (std::isupper(static_cast<unsigned char>(line[0])) == 0) within = line.rfind(begin, 0) == 0;
    if (within && line.rfind(std::string(what) + ":", 0) == 0) return std::atol(line.c_str() + std::strlen(what) + 1);
  }
  return 0;
}

constexpr std::size_t kHuge = 2 << 20;

// An area of its own (nothing is joined to it), at the beginning of a huge page.
char* map_aligned(std::size_t length) {
  char* area = map(length + 2 * kHuge, PROT_NONE);
  area = reinterpret_cast<char*>((reinterpret_cast<std::uint64_t>(area) + kHuge) & ~(kHuge - 1));
  mprotect(area, length, PROT_READ | PROT_WRITE);
  return area;
}

// One page in 256: spread by page where there are no huge pages, and in pieces of 2 MiB where there are.
void transparent_huge_pages(Device& device, std::size_t length, const std::string& name) {
  char* never = map_aligned(length);
  madvise(never, length, MADV_NOHUGEPAGE);
  const Pages spread = touch(never, length, 256);
  if (kib_of(never, "AnonHugePages") != 0) verdict(name + ", no huge pages", false, "there are some");
  compare(device, name + ", no huge pages", never, length, spread, 4);
  munmap(never, length);
  char* always = map_aligned(length);
  madvise(always, length, MADV_HUGEPAGE);
  const std::size_t piece = kHuge / kPage;
  Pages pieces = touch(always, length, 256 * piece, piece);
  fill(always + kHuge * 3 + 7 * kPage, kPage);  // and a huge page with a single page in it
  pieces[3 * piece + 7] = true;
  if (kib_of(always, "AnonHugePages") == 0) verdict(name + ", huge pages", false, "there are none");
  compare(device, name + ", huge pages", always, length, pieces, 4);
  munmap(always, length);
}

// All of it in memory, since every huge page has a page with content. Needs `length` of memory.
void mostly_empty_huge_pages(Device& device, std::size_t length) {
  char* area = map_aligned(length);
  madvise(area, length, MADV_HUGEPAGE);
  const Pages spread = touch(area, length, 256);
  const bool there = kib_of(area, "AnonHugePages") >= static_cast<long>(length >> 11);
  verdict("huge pages everywhere", there, std::to_string(kib_of(area, "AnonHugePages")) + " KiB");
  compare(device, "one page in 256 of huge pages", area, length, spread, 4);
}

void hugetlb(Device& device) {
  constexpr std::size_t kLength = 4 * kHuge;
  char* area = map(kLength, PROT_READ | PROT_WRITE, MAP_HUGETLB);
  if (area == nullptr) return verdict("hugetlb", false, "the machine has no huge pages");
  Pages pages = touch(area, kLength, kLength / kPage, 3, 511);  // across two; the last two are not there at all
  compare(device, "hugetlb", area, kLength, pages);
  for (std::size_t page = 0; page < pages.size(); page += 2) {
    fill(area + page * kPage, kPage);
    pages[page] = true;
  }
  compare(device, "hugetlb, every other page", area, kLength, pages, 1);
}

void swapped(Device& device) {
  constexpr std::size_t kLength = 4 << 20;
  char* area = map_aligned(kLength);
  madvise(area, kLength, MADV_NOHUGEPAGE);
  const Pages pages = touch(area, kLength, 3);
  madvise(area, kLength, MADV_PAGEOUT);
  const long swapped = kib_of(area, "Swap");
  verdict("pages are swapped out", swapped > 0);
  compare(device, "swapped", area, kLength, pages);
}

void files(Device& device) {
  constexpr std::size_t kLength = 64 * kPage;
  const int fd = fileno(std::tmpfile());
  std::vector<char> content(kLength);
  fill(content.data(), kLength);
  if (write(fd, content.data(), kLength) != static_cast<ssize_t>(kLength))
    return verdict("private file", false, "write");
  char* area = map(kLength, PROT_READ | PROT_WRITE, 0, fd);
  long sum = 0;
  for (std::size_t at = 0; at < kLength; at += kPage) sum += area[at];
  area[9 * kPage] = static_cast<char>(sum);
  fill(area + 20 * kPage, 2 * kPage);
  std::memset(area + 30 * kPage, 0, kPage);  // hides the file's page: must be told
  Pages expected(kLength / kPage, false);
  for (std::size_t page : {9UL, 20UL, 21UL}) expected[page] = true;
  compare(device, "private file, modified pages only", area, kLength, expected);
  const Dumped dumped = device.dump(area, kLength, 1);
  int zero_runs = 0;
  for (const auto& run : dumped.runs) {
    if ((run.flags & CAIRN_KM_RUN_ZERO) != 0 && run.pages == 1 &&
        run.address == reinterpret_cast<std::uint64_t>(area) + 30 * kPage)
      ++zero_runs;
  }
  verdict("private file, a page overwritten with zeros", zero_runs == 1);
}

void refusals(Device& device) {
  char* shared = static_cast<char*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const Dumped dumped = device.dump(shared, kPage, 1);
  verdict("shared memory is refused, with its address",
          dumped.error == EOPNOTSUPP && dumped.next == reinterpret_cast<std::uint64_t>(shared));
  const int fd = open("/dev/cairn", O_RDWR);
  cairn_km_dump d{};
  d.size = sizeof d;
  d.fd = open("/dev/null", O_RDONLY);
  d.start = 1UL << 20;
  d.end = 2UL << 20;
  d.runs_max = CAIRN_KM_RUNS_MAX;
  d.chunks_max = 1;
  verdict("a file that is not open for writing", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EBADF);
  d.fd = open("/dev/null", O_WRONLY | O_APPEND);
  verdict("a file that only appends", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == ESPIPE);
  int ends[2];
  if (pipe(ends) == 0) d.fd = ends[1];
  verdict("a pipe", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == ESPIPE);
  d.start = 1;
  verdict("an unaligned address", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EINVAL);
  d.start = ~0xfffUL - 0x1000;
  d.end = ~0xfffUL;
  verdict("a kernel address", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EINVAL);
  d.size = 4;
  verdict("a size that is too small", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EINVAL);
}

// The device was opened, and the file, by another process: it is the caller's memory that is written all the same.
void inherited(Device& device) {
  char* area = map(kPage);
  std::memset(area, 'p', kPage);
  const pid_t child = fork();
  if (child == 0) {
    std::memset(area, 'c', kPage);
    std::string why;
    const Pages stored = stored_pages(device, device.dump(area, kPage, 1), area, kPage, why);
    _exit(why.empty() && stored[0] ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  verdict("a device opened by another process gives the caller's own memory", status == 0);
}

}  // namespace

int main(int argc, char** argv) {
  Device device;
  if (!device.ok()) {
    std::perror("/dev/cairn");
    return 1;
  }
  if (argc > 1 && std::strcmp(argv[1], "large") == 0) {
    mostly_empty_huge_pages(device, 8UL << 30);
  } else {
    dense_and_fragmented(device);
    protections(device);
    transparent_huge_pages(device, 64 << 20, "64 MiB");
    transparent_huge_pages(device, 8UL << 30, "8 GiB");
    hugetlb(device);
    swapped(device);
    files(device);
    refusals(device);
    inherited(device);
  }
  std::printf("1..%d\n", number);
  return failures == 0 ? 0 : 1;
}
