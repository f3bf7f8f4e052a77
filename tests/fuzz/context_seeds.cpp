// SPDX-License-Identifier: Apache-2.0
// Writes small context files of every kind into a directory: where the fuzzer starts from.
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.hpp"
#include "core/context/writer.hpp"

namespace {

using cairn::Area;
using namespace cairn::context;

constexpr std::uint64_t kBase = 0x110000000000;
constexpr std::uint64_t kPage = 4096;

Area area_of(std::uint64_t start, std::uint64_t pages) {
  Area area;
  area.start = start;
  area.end = start + pages * kPage;
  area.prot = PROT_READ | PROT_WRITE;
  return area;
}

void write_seed(const std::string& path, Compression compression, bool by_reference, const std::string& library) {
  WriterOptions options;
  options.path = path;
  options.compression = compression;
  options.by_reference = by_reference;
  options.program = "/bin/x";
  auto writer = Writer::create(options);
  writer->add_section(CAIRN_CTX_PROCESS, 1, {1, 2, 3});
  writer->add_section(CAIRN_CTX_EXTENSION, 1, {4}, true);
  const auto plain = writer->add_area(area_of(kBase, 16));
  struct stat st {};
  if (stat(library.c_str(), &st) != 0) throw cairn::EnvironmentError("no " + library);
  Area mapped = area_of(kBase + 0x100000, 2);
  mapped.path = library;
  mapped.device = st.st_dev, mapped.inode = st.st_ino;
  const auto over = writer->add_area(mapped, writer->add_object_of(mapped));
  writer->add_area(area_of(kBase + 0x200000, 1), {}, false);
  Lane lane = writer->open_lane();
  lane.append(plain, kBase, 2);
  lane.append(plain, kBase + 5 * kPage, 1);
  lane.append_zero(over, mapped.start, 1);
  lane.flush();
  lane.throw_if_failed();
  writer->finish();
}

int write_seeds(const std::string& directory) {
  namespace fs = std::filesystem;
  fs::remove_all(directory);
  fs::create_directories(directory);
  const std::string library = directory + ".library";
  std::ofstream(library) << std::string(5000, 'l');
  write_seed(directory + "/plain", Compression::none, false, library);
  write_seed(directory + "/lz4", Compression::lz4, false, library);
  write_seed(directory + "/zstd", Compression::zstd, false, library);
  write_seed(directory + "/reference", Compression::none, true, library);
  fs::remove(library);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: context_seeds DIRECTORY\n");
    return 2;
  }
  void* memory = mmap(reinterpret_cast<void*>(kBase), 16 * kPage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory == MAP_FAILED) return 1;
  std::memset(memory, 'm', 16 * kPage);
  try {
    return write_seeds(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "context_seeds: %s\n", error.what());
    return 1;
  }
}
