// SPDX-License-Identifier: Apache-2.0
// A fixture for tests of the user engine: dumps areas, reads the file back.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <memory>

#include "core/base/error.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/features.hpp"
#include "tests/unit/core/context/support.hpp"

namespace cairn::test {

using context::LoadTarget;
using context::Reader;
using context::Writer;
using context::WriterOptions;

constexpr std::uint64_t kBase = 0x110000000000;

// Loads one area of a file into fresh memory and compares.
inline ::testing::AssertionResult holds(const Reader& reader, std::uint64_t start, const Bytes& expected) {
  for (std::uint32_t i = 0; i < reader.areas().size(); ++i) {
    const auto& area = reader.areas()[i].area;
    if (area.start != start) continue;
    ArenaMemory to(0x200000000000, (area.end - area.start) / kPage);
    const LoadTarget target{i, to.data()};
    reader.load({&target, 1});
    if (std::memcmp(to.data(), expected.data(), expected.size()) == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "other content";
  }
  return ::testing::AssertionFailure() << "no area at " << start;
}

// A private mapping of a new file: one page is changed, one set to zeros, which hide the file's content, one only read.
inline std::unique_ptr<ArenaMemory> changed_mapping(const std::filesystem::path& file, std::size_t pages) {
  write_file(file, random_bytes(pages * kPage, 1));
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  auto memory = std::make_unique<ArenaMemory>(kBase, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd.get());
  struct stat st {};
  EXPECT_EQ(fstat(fd.get(), &st), 0);
  memory->area().path = file;
  memory->area().device = st.st_dev, memory->area().inode = st.st_ino;
  memory->page(2)[5] ^= 1;
  std::memset(memory->page(4), 0, kPage);
  static_cast<void>(static_cast<volatile std::uint8_t*>(memory->page(6))[1]);
  return memory;
}

class UserEngineTest : public ::testing::TestWithParam<ForkMode> {
 protected:
  std::unique_ptr<Writer> writer() {
    WriterOptions o;
    o.path = path();
    return Writer::create(o);
  }
  std::string path() const { return directory_ / "image.ctx"; }
  DumpRequest request(Writer& w, ForkMode fork) const {
    DumpRequest r;
    r.writer = &w;
    r.fork = fork;
    return r;
  }
  // Dumps areas as the parameter says.
  Reader dump(const std::vector<Area>& areas, unsigned threads = 1) {
    auto w = writer();
    auto engine = make_engine("user").engine;
    DumpRequest r = request(*w, GetParam());
    r.threads = threads;
    engine->dump(r, areas);
    statistics_ = engine->finish(60);
    EXPECT_EQ(statistics_.bytes, std::filesystem::file_size(path()));
    Reader reader = Reader::open(path());
    reader.verify_all();
    return reader;
  }

  TemporaryDirectory directory_;
  CheckpointStatistics statistics_;
};

}  // namespace cairn::test
