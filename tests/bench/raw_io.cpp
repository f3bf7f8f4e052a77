// SPDX-License-Identifier: Apache-2.0
// What this machine's memory and disk can do, for comparison with a checkpoint of the same bytes:
//   raw_io write FILE MIB      O_DIRECT write of MIB MiB, and fdatasync
//   raw_io read FILE MIB       O_DIRECT read of it
//   raw_io memcpy MIB          a copy from memory to memory
// Prints "seconds S".
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr std::size_t kChunk = std::size_t{8} << 20;

double wall() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "raw_io: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

// Touched and different in every page: no zero page, no compression by the storage.
char* memory(std::size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) die("mmap");
  auto* words = static_cast<unsigned long long*>(p);
  for (std::size_t i = 0; i < bytes / 8; ++i) words[i] = (i + 1) * 0x9e3779b97f4a7c15u;
  return static_cast<char*>(p);
}

double transfer(const char* path, std::size_t bytes, bool writes) {
  const int flags = O_DIRECT | (writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY);
  int fd = open(path, flags, 0600);
  if (fd < 0 && errno == EINVAL) fd = open(path, flags & ~O_DIRECT, 0600);  // tmpfs before Linux 6.6
  if (fd < 0) die(path);
  char* data = memory(writes ? bytes : kChunk);
  const double begin = wall();
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t n = bytes - done < kChunk ? bytes - done : kChunk;
    const ssize_t moved = writes ? write(fd, data + done, n) : read(fd, data, n);
    if (moved <= 0) die(writes ? "write" : "read");
    done += static_cast<std::size_t>(moved);
  }
  if (writes && fdatasync(fd) != 0) die("fdatasync");
  close(fd);
  return wall() - begin;
}

double copy(std::size_t bytes) {
  char* from = memory(bytes);
  char* to = memory(bytes);
  const double begin = wall();
  std::memcpy(to, from, bytes);
  return wall() - begin;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  double seconds = 0;
  if (argc == 4 && (what == "write" || what == "read")) {
    seconds = transfer(argv[2], std::strtoull(argv[3], nullptr, 10) << 20, what == "write");
  } else if (argc == 3 && what == "memcpy") {
    seconds = copy(std::strtoull(argv[2], nullptr, 10) << 20);
  } else {
    std::fprintf(stderr, "usage: raw_io write|read FILE MIB | memcpy MIB\n");
    return 2;
  }
  std::printf("seconds %.6f\n", seconds);
  return 0;
}
