// SPDX-License-Identifier: Apache-2.0
// Inside a machine with cairn.ko: what CAIRN_KM_DUMP writes is byte for byte what is in memory, and nothing that was
// never touched. Prints one line a kind of area; exits 1 if any is wrong.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
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

// The dumped pages as an image of [start, start + length); false if a checksum or a run is wrong.
bool rebuild(const Device& device, const Dumped& dumped, const char* start, std::size_t length,
             std::vector<char>& image, std::vector<bool>& stored) {
  image.assign(length, 0);
  stored.assign(length / kPage, false);
  for (const auto& chunk : dumped.chunks) {
    std::vector<char> bytes(chunk.bytes);
    if (pread(device.file(), bytes.data(), bytes.size(), static_cast<off_t>(chunk.offset)) !=
            static_cast<ssize_t>(bytes.size()) ||
        XXH64(bytes.data(), bytes.size(), 0) != chunk.checksum)
      return false;
    std::size_t at = 0;
    for (unsigned i = 0; i < chunk.run_count; ++i) {
      const auto& run = dumped.runs.at(chunk.first_run + i);
      const std::size_t offset = run.address - reinterpret_cast<std::uint64_t>(start);
      if ((run.flags & CAIRN_KM_RUN_ZERO) != 0) continue;
      if (offset + run.pages * kPage > length || at + run.pages * kPage > bytes.size()) return false;
      std::memcpy(image.data() + offset, bytes.data() + at, run.pages * kPage);
      at += run.pages * kPage;
      for (std::uint64_t p = 0; p < run.pages; ++p) stored[offset / kPage + p] = true;
    }
    if (at != bytes.size()) return false;
  }
  return true;
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

// Dumps the area and compares it with `expected`; `pages_expected` pages must be in the file.
void compare(Device& device, const std::string& name, char* area, std::size_t length, const std::vector<char>& expected,
             std::size_t pages_expected, unsigned room = 16) {
  const Dumped dumped = device.dump(area, length, room);
  std::vector<char> image;
  std::vector<bool> stored;
  if (dumped.error != 0) return verdict(name, false, std::strerror(dumped.error));
  if (!rebuild(device, dumped, area, length, image, stored)) return verdict(name, false, "damaged");
  std::size_t pages = 0;
  for (bool s : stored) pages += s;
  if (image != expected) return verdict(name, false, "differs from memory");
  if (pages != pages_expected)
    return verdict(name, false, std::to_string(pages) + " pages stored, not " + std::to_string(pages_expected));
  verdict(name, true);
}

std::vector<char> copy_of(const char* area, std::size_t length) { return std::vector<char>(area, area + length); }

void dense_and_fragmented(Device& device) {
  constexpr std::size_t kLength = 16 << 20;
  char* dense = map(kLength);
  fill(dense, kLength);
  compare(device, "dense", dense, kLength, copy_of(dense, kLength), kLength / kPage);
  compare(device, "dense, little room", dense, kLength, copy_of(dense, kLength), kLength / kPage, 1);

  char* fragmented = map(kLength);
  for (std::size_t at = 0; at < kLength; at += 2 * kPage) fill(fragmented + at, kPage);
  compare(device, "every other page", fragmented, kLength, copy_of(fragmented, kLength), kLength / kPage / 2);
  compare(device, "every other page, little room", fragmented, kLength, copy_of(fragmented, kLength),
          kLength / kPage / 2, 1);

  char* zeros = map(kLength);
  std::memset(zeros, 0, kLength);
  zeros[5 * kPage] = 1;
  compare(device, "zeros written", zeros, kLength, copy_of(zeros, kLength), 1);
}

void protections(Device& device) {
  constexpr std::size_t kLength = 1 << 20;
  char* hidden = map(kLength);
  fill(hidden, kLength);
  const auto expected = copy_of(hidden, kLength);
  mprotect(hidden, kLength, PROT_NONE);
  compare(device, "PROT_NONE", hidden, kLength, expected, kLength / kPage);
  char* locked = map(kLength);
  if (mlock(locked, kLength) == 0) {
    fill(locked, kLength / 2);
    compare(device, "mlocked", locked, kLength, copy_of(locked, kLength), kLength / kPage / 2);
  }
}

void huge_pages(Device& device, int advice, const char* name) {
  constexpr std::size_t kLength = 32 << 20;
  char* area = map(kLength + (2 << 20));
  area = reinterpret_cast<char*>((reinterpret_cast<std::uint64_t>(area) + (2 << 20) - 1) & ~((2UL << 20) - 1));
  madvise(area, kLength, advice);
  std::size_t touched = 0;
  for (std::size_t at = 0; at < kLength; at += 37 * kPage, ++touched) fill(area + at, kPage);
  compare(device, name, area, kLength, copy_of(area, kLength), touched);
}

void sparse(Device& device, int advice, const char* name) {
  constexpr std::size_t kLength = 8UL << 30;
  char* area = map(kLength);
  madvise(area, kLength, advice);
  std::vector<std::size_t> touched;
  for (std::size_t at = 0; at < kLength; at += kLength / 64) {
    fill(area + at + 3 * kPage, kPage);
    touched.push_back(at + 3 * kPage);
  }
  const Dumped dumped = device.dump(area, kLength, 4);
  bool good = dumped.error == 0 && dumped.runs.size() == touched.size();
  for (std::size_t i = 0; good && i < touched.size(); ++i)
    good = dumped.runs[i].address == reinterpret_cast<std::uint64_t>(area) + touched[i] && dumped.runs[i].pages == 1;
  verdict(name, good, "runs: " + std::to_string(dumped.runs.size()));
  munmap(area, kLength);
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
  std::vector<char> expected(kLength, 0);
  for (std::size_t page : {9UL, 20UL, 21UL}) std::memcpy(expected.data() + page * kPage, area + page * kPage, kPage);
  compare(device, "private file, modified pages only", area, kLength, expected, 3);
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
  d.start = 1;
  verdict("an unaligned address", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EINVAL);
  d.start = ~0xfffUL - 0x1000;
  d.end = ~0xfffUL;
  verdict("a kernel address", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EINVAL);
  d.size = 4;
  verdict("a size that is too small", ioctl(fd, CAIRN_KM_DUMP, &d) == -1 && errno == EINVAL);
}

}  // namespace

int main() {
  Device device;
  if (!device.ok()) {
    std::perror("/dev/cairn");
    return 1;
  }
  dense_and_fragmented(device);
  protections(device);
  huge_pages(device, MADV_HUGEPAGE, "huge pages");
  huge_pages(device, MADV_NOHUGEPAGE, "no huge pages");
  sparse(device, MADV_NOHUGEPAGE, "8 GiB sparse");
  files(device);
  refusals(device);
  std::printf("1..%d\n", number);
  return failures == 0 ? 0 : 1;
}
