// SPDX-License-Identifier: Apache-2.0
// What the tests of the context file and of the engine share: a directory of their own, memory in the arena,
// files as bytes.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "core/context/area.hpp"
#include "core/context/format.h"

namespace cairn::test {

constexpr std::uint64_t kPage = 4096;
using Bytes = std::vector<std::uint8_t>;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    const char* base = std::getenv("CAIRN_TEST_DIRECTORY");
    path_ = std::string(base != nullptr ? base : ".") + "/context-test-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp " + path_);
    path_ = std::filesystem::absolute(path_).string();
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::string path_;
};

// Pages at an address within the arena, where a guest's would be.
class ArenaMemory {
 public:
  ArenaMemory(std::uint64_t address, std::uint64_t pages, int prot = PROT_READ | PROT_WRITE,
              int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, int fd = -1, off_t offset = 0)
      : bytes_(pages * kPage) {
    memory_ = mmap(reinterpret_cast<void*>(address), bytes_, prot, flags | MAP_FIXED_NOREPLACE, fd, offset);
    if (memory_ == MAP_FAILED) throw std::runtime_error(std::string("mmap: ") + std::strerror(errno));
    area_.start = address;
    area_.end = address + bytes_;
    area_.prot = static_cast<std::uint32_t>(prot);
    area_.shared = (flags & MAP_SHARED) != 0;
  }
  ~ArenaMemory() { munmap(memory_, bytes_); }
  ArenaMemory(const ArenaMemory&) = delete;
  ArenaMemory& operator=(const ArenaMemory&) = delete;

  std::uint8_t* data() const { return static_cast<std::uint8_t*>(memory_); }
  std::uint8_t* page(std::uint64_t i) const { return data() + i * kPage; }
  std::uint64_t address(std::uint64_t page = 0) const { return area_.start + page * kPage; }
  std::uint64_t size() const { return bytes_; }
  Area& area() { return area_; }
  const Area& area() const { return area_; }
  void fill(std::uint64_t first, std::uint64_t pages, std::uint64_t seed) const {
    std::mt19937_64 random(seed);
    for (std::uint64_t i = 0; i < pages * kPage; i += 8) {
      const std::uint64_t word = random() | 1;
      std::memcpy(page(first) + i, &word, 8);
    }
  }

 private:
  void* memory_;
  std::uint64_t bytes_;
  Area area_;
};

inline Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

inline void write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return bytes;
}

}  // namespace cairn::test
