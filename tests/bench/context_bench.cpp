// SPDX-License-Identifier: Apache-2.0
// How fast memory gets into a context file, beside what the disk and memcpy do with the same bytes; interleaved in
// one run. Run by hand: context_bench [MiB [rounds]], in a directory of the file system to be measured.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "core/engine/engine.hpp"

namespace {

using cairn::ForkMode;

constexpr std::size_t kChunk = 4u << 20;
constexpr std::uint64_t kBase = 0x110000000000;
constexpr char kFile[] = "context_bench.ctx";

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void raw_write(const char* memory, std::size_t bytes, bool allocate) {
  const cairn::UniqueFd fd(open(kFile, O_CREAT | O_EXCL | O_WRONLY | O_DIRECT | O_CLOEXEC, 0600));
  if (!fd || (allocate && fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)) != 0)) std::abort();
  for (std::size_t at = 0; at < bytes; at += kChunk) {
    if (pwrite(fd.get(), memory + at, kChunk, static_cast<off_t>(at)) != static_cast<ssize_t>(kChunk)) std::abort();
  }
  fsync(fd.get());
}

cairn::CheckpointStatistics dump(std::size_t bytes, ForkMode fork, const char* compression) {
  cairn::context::WriterOptions options;
  options.path = kFile;
  options.compression = cairn::context::parse_compression(compression);
  auto writer = cairn::context::Writer::create(options);
  auto engine = cairn::make_engine("user").engine;
  cairn::Area area;
  area.start = kBase, area.end = kBase + bytes;
  area.prot = PROT_READ | PROT_WRITE;
  cairn::DumpRequest request;
  request.writer = writer.get();
  request.fork = fork;
  engine->dump(request, {&area, 1});
  return engine->finish(600);
}

void load(std::size_t bytes, unsigned threads) {
  const auto reader = cairn::context::Reader::open(kFile);
  void* to = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const cairn::context::LoadTarget target{0, to};
  reader.load({&target, 1}, threads);
  munmap(to, bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t bytes = (argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1024) << 20;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  auto* memory = static_cast<char*>(mmap(reinterpret_cast<void*>(kBase), bytes, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  if (memory == MAP_FAILED) return 1;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < bytes; i += 8) {
    const std::uint64_t word = random();
    std::memcpy(memory + i, &word, 8);
  }
  std::vector<char> buffer(kChunk);
  double pause = 0;
  const std::vector<std::pair<std::string, std::function<void()>>> cases = {
      {"memcpy to a 4 MiB buffer",
       [&] {
         for (std::size_t at = 0; at < bytes; at += kChunk) {
           std::memcpy(buffer.data(), memory + at, kChunk);
           asm volatile("" : : "r"(buffer.data()) : "memory");
         }
       }},
      {"raw O_DIRECT write", [&] { raw_write(memory, bytes, false); }},
      {"raw O_DIRECT write, space allocated before", [&] { raw_write(memory, bytes, true); }},
      {"dump in-line", [&] { dump(bytes, ForkMode::no, "none"); }},
      {"load, 1 thread", [&] { load(bytes, 1); }},
      {"load, 2 threads", [&] { load(bytes, 2); }},
      {"dump forked, until the file is whole", [&] { pause = dump(bytes, ForkMode::yes, "none").dump_seconds; }},
      {"dump in-line, lz4", [&] { dump(bytes, ForkMode::no, "lz4"); }},
  };
  std::map<std::string, double> best;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [name, work] : cases) {
      if (name.rfind("load", 0) != 0) unlink(kFile);
      const double s = seconds(work);
      if (best.find(name) == best.end() || s < best[name]) best[name] = s;
    }
  }
  for (const auto& [name, work] : cases) {
    std::printf("%-45s %6.2f GB/s\n", name.c_str(), static_cast<double>(bytes) / best[name] / 1e9);
  }
  std::printf("%-45s %6.1f ms\n", "pause of the forked dump", pause * 1e3);
  unlink(kFile);
  return 0;
}
