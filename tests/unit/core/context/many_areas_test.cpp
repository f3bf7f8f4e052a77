// SPDX-License-Identifier: Apache-2.0
// The chunks of many small areas are read together; each is still verified, and goes to its own place.
#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "tests/unit/core/context/support.hpp"

namespace cairn {
namespace {

using namespace cairn::test;
using context::LoadTarget;
using context::Reader;
using context::Writer;
using context::WriterOptions;

constexpr std::uint64_t kBase = 0x110000000000, kTo = 0x200000000000;
constexpr std::uint32_t kAreas = 2000;

class ManySmallAreas : public ::testing::Test {
 protected:
  // Every other page is an area; each third of them has a hole of zeros over which nothing is stored.
  void write(ArenaMemory& memory) {
    WriterOptions options;
    options.path = path();
    auto writer = Writer::create(options);
    auto lane = writer->open_lane();
    for (std::uint32_t i = 0; i < kAreas; ++i) {
      Area area = memory.area();
      area.start = kBase + i * 2 * kPage;
      area.end = area.start + kPage;
      area.vm_flags = "rd wr mr mw me ac sd";
      const auto index = writer->add_area(area);
      if (i % 3 == 2) continue;
      memory.fill(i * 2, 1, i);
      ASSERT_TRUE(lane.append(index, area.start, 1));
    }
    ASSERT_TRUE(lane.flush());
    writer->finish();
  }
  static std::vector<LoadTarget> targets(ArenaMemory& to) {
    std::vector<LoadTarget> result;
    for (std::uint32_t i = 0; i < kAreas; ++i) result.push_back({i, to.page(i * 2)});
    return result;
  }
  static std::uint64_t reads() { return to_number(field(read_file_or_throw("/proc/self/io"), "syscr")); }
  std::string path() const { return directory_ / "image.ctx"; }
  TemporaryDirectory directory_;
};

TEST_F(ManySmallAreas, AreReadTogether) {
  ArenaMemory memory(kBase, kAreas * 2), to(kTo, kAreas * 2);
  write(memory);
  const Reader reader = Reader::open(path());
  const std::uint64_t before = reads();
  reader.load(targets(to));
  EXPECT_LE(reads() - before, kAreas / 20);
  EXPECT_EQ(std::memcmp(to.data(), memory.data(), memory.size()), 0);
}

// Tens of thousands of them have few flags and paths among them.
TEST_F(ManySmallAreas, HaveTheirTextsInCommon) {
  ArenaMemory memory(kBase, kAreas * 2);
  write(memory);
  const Reader reader = Reader::open(path());
  const std::string& first = reader.areas().front().area.vm_flags;
  EXPECT_FALSE(first.empty());
  for (const auto& stored : reader.areas()) EXPECT_EQ(&stored.area.vm_flags.string(), &first);
}

TEST_F(ManySmallAreas, ADamagedOneIsFoundAmongItsNeighbours) {
  ArenaMemory memory(kBase, kAreas * 2), to(kTo, kAreas * 2);
  write(memory);
  Bytes file = test::read_file(path());
  file[700 * kPage + 5] ^= 1;
  test::write_file(path(), file);
  const Reader reader = Reader::open(path());
  try {
    reader.load(targets(to));
    FAIL() << "loaded";
  } catch (const PermanentError& error) {
    EXPECT_NE(std::string(error.what()).find("byte " + std::to_string(700 * kPage)), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace cairn
