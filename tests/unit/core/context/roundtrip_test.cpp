// SPDX-License-Identifier: Apache-2.0
// What a Writer was given is what a Reader gives back.
#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "core/base/error.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "tests/unit/core/context/support.hpp"

namespace cairn::context {
namespace {

using namespace cairn::test;

constexpr std::uint64_t kBase = 0x110000000000;

// The same addresses, empty again: what a restart would load into.
Bytes load_area(const Reader& reader, std::uint32_t index, unsigned threads = 1) {
  const Area& area = reader.areas().at(index).area;
  Bytes memory(area.end - area.start + kPage);
  auto* aligned =
      reinterpret_cast<std::uint8_t*>((reinterpret_cast<std::uintptr_t>(memory.data()) + kPage - 1) & ~(kPage - 1));
  const LoadTarget target{index, aligned};
  reader.load({&target, 1}, threads);
  return Bytes(aligned, aligned + (area.end - area.start));
}

class ContextRoundTrip : public ::testing::TestWithParam<std::string> {
 protected:
  WriterOptions options() {
    WriterOptions o;
    o.path = directory_ / "image.ctx";
    o.compression = parse_compression(GetParam());
    o.program = "/usr/bin/solver";
    o.pid = 4711;
    return o;
  }
  TemporaryDirectory directory_;
};

TEST_P(ContextRoundTrip, SparsePagesComeBackAndTheRestIsZero) {
  ArenaMemory memory(kBase, 5000);
  for (const std::uint64_t i : {0, 1, 2, 7, 9, 1000, 1001, 4999}) memory.fill(i, 1, i + 1);
  std::memset(memory.page(1001), 7, kPage);  // something that compresses
  auto writer = Writer::create(options());
  const auto area = writer->add_area(memory.area());
  Lane lane = writer->open_lane();
  EXPECT_TRUE(lane.append(area, memory.address(0), 3));
  EXPECT_TRUE(lane.append(area, memory.address(7), 1));
  EXPECT_TRUE(lane.append(area, memory.address(9), 1));
  EXPECT_TRUE(lane.append(area, memory.address(1000), 2));
  EXPECT_TRUE(lane.append(area, memory.address(4999), 1));
  EXPECT_TRUE(lane.flush());
  const WriterResult result = writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_EQ(result.bytes, std::filesystem::file_size(directory_ / "image.ctx"));
  EXPECT_EQ(result.checksum, reader.trailer().index_checksum);
  EXPECT_EQ(result.payload_raw, 8 * kPage);
  EXPECT_EQ(reader.areas().at(0).stored_pages, 8u);
  EXPECT_EQ(load_area(reader, 0), Bytes(memory.data(), memory.data() + memory.size()));
  reader.verify_all(2);
}

TEST_P(ContextRoundTrip, ManyChunksByManyThreads) {
  constexpr std::uint64_t kPages = 6000, kThreads = 3;  // 23 MiB
  ArenaMemory memory(kBase, kPages);
  memory.fill(0, kPages / 2, 1);
  std::memset(memory.page(kPages / 2), 3, kPages / 2 * kPage);
  auto writer = Writer::create(options());
  const auto area = writer->add_area(memory.area());
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Lane lane = writer->open_lane();
      lane.append(area, memory.address(kPages / kThreads * t), kPages / kThreads);
      EXPECT_TRUE(lane.flush());
    });
  }
  for (auto& t : threads) t.join();
  writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_GE(reader.chunks().size(), 6u);
  EXPECT_EQ(load_area(reader, 0, 3), Bytes(memory.data(), memory.data() + memory.size()));
}

TEST_P(ContextRoundTrip, EverySecondPage) {
  constexpr std::uint64_t kPages = 5000;
  ArenaMemory memory(kBase, kPages);
  for (std::uint64_t i = 0; i < kPages; i += 2) memory.fill(i, 1, i + 1);
  auto writer = Writer::create(options());
  const auto area = writer->add_area(memory.area());
  Lane lane = writer->open_lane();
  for (std::uint64_t i = 0; i < kPages; i += 2) ASSERT_TRUE(lane.append(area, memory.address(i), 1));
  ASSERT_TRUE(lane.flush());
  writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_EQ(reader.runs().size(), kPages / 2);
  EXPECT_EQ(load_area(reader, 0), Bytes(memory.data(), memory.data() + memory.size()));
}

// What an area costs is not a write: small ones go out together, each a chunk of its own.
TEST_P(ContextRoundTrip, ManySmallAreas) {
  constexpr std::uint64_t kAreas = 3000, kPages = 3;  // of which the middle one has no content
  ArenaMemory memory(kBase, kAreas * kPages);
  auto writer = Writer::create(options());
  Lane lane = writer->open_lane();
  std::vector<std::uint32_t> areas;
  for (std::uint64_t i = 0; i < kAreas; ++i) {
    memory.fill(i * kPages, 1, i + 1);
    memory.fill(i * kPages + 2, 1, kAreas + i);
    if (i % 3 == 0) std::memset(memory.page(i * kPages), 7, kPage);  // something that compresses
    Area area = memory.area();
    area.start = memory.address(i * kPages);
    area.end = area.start + kPages * kPage;
    areas.push_back(writer->add_area(area));
    ASSERT_TRUE(lane.append(areas.back(), area.start, 1));
    if (i % 2 == 0)
      ASSERT_TRUE(lane.append(areas.back(), area.start + 2 * kPage, 1));
    else
      ASSERT_TRUE(lane.append_unreadable(areas.back(), area.start + kPage, 2));
    lane.end_chunk();
  }
  ASSERT_TRUE(lane.flush());
  EXPECT_LT(lane.statistics().writes, 10u);
  EXPECT_EQ(lane.statistics().chunks, kAreas);
  writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_EQ(reader.chunks().size(), kAreas);
  for (std::uint64_t i = 0; i < kAreas; ++i) {
    const std::uint8_t* from = memory.page(i * kPages);
    ASSERT_EQ(load_area(reader, areas[i]), Bytes(from, from + kPages * kPage)) << i;
  }
  reader.verify_all(2);
}

TEST_P(ContextRoundTrip, ThroughAPipe) {
  ArenaMemory memory(kBase, 3000);
  memory.fill(0, 3000, 5);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Bytes received;
  std::thread reader_thread([&] {
    Bytes buffer(65536);
    for (ssize_t n; (n = read(ends[0], buffer.data(), buffer.size())) > 0;) {
      received.insert(received.end(), buffer.begin(), buffer.begin() + n);
    }
  });
  WriterOptions o = options();
  o.path.clear();
  o.fd = ends[1];
  auto writer = Writer::create(o);
  EXPECT_TRUE(writer->is_stream());
  writer->add_section(CAIRN_CTX_PROCESS, 3, {1, 2, 3});
  const auto area = writer->add_area(memory.area());
  std::thread other([&] {
    Lane lane = writer->open_lane();
    lane.append(area, memory.address(0), 1500);
    EXPECT_TRUE(lane.flush());
  });
  Lane lane = writer->open_lane();
  lane.append(area, memory.address(1500), 1500);
  EXPECT_TRUE(lane.flush());
  other.join();
  const WriterResult result = writer->finish();
  close(ends[1]);
  reader_thread.join();
  close(ends[0]);
  EXPECT_EQ(received.size(), result.bytes);
  write_file(directory_ / "copy.ctx", received);
  const Reader reader = Reader::open(directory_ / "copy.ctx");
  EXPECT_EQ(load_area(reader, 0), Bytes(memory.data(), memory.data() + memory.size()));
}

INSTANTIATE_TEST_SUITE_P(Compression, ContextRoundTrip, ::testing::Values("none", "lz4", "zstd"),
                         [](const auto& values) { return values.param; });

class ContextWriter : public ::testing::Test {
 protected:
  WriterOptions options() {
    WriterOptions o;
    o.path = directory_ / "image.ctx";
    return o;
  }
  TemporaryDirectory directory_;
};

TEST_F(ContextWriter, HeaderDescribesMachineAndProcess) {
  WriterOptions o = options();
  o.program = "/opt/app/solver";
  o.pid = 99;
  o.writer = "cairn test";
  auto writer = Writer::create(o);
  writer->finish();
  const Reader reader = Reader::open(o.path);
  const cairn_ctx_header& h = reader.header();
  EXPECT_STREQ(h.program, "/opt/app/solver");
  EXPECT_STREQ(h.writer, "cairn test");
  EXPECT_EQ(h.pid, 99u);
  EXPECT_STRNE(h.kernel_release, "");
  EXPECT_STRNE(h.libc_version, "");
  EXPECT_STRNE(h.cpu_vendor, "");
  EXPECT_EQ(std::strlen(h.boot_id), 36u);
  EXPECT_NE(h.xcr0, 0u);
  EXPECT_GE(h.xstate_size, 512u);
  EXPECT_EQ(h.arena_top, 0x300000000000u);
}

TEST_F(ContextWriter, SectionsKeepOrderTypeVersionAndBytes) {
  auto writer = Writer::create(options());
  const Bytes big = random_bytes(3 << 20, 4);
  writer->add_section(CAIRN_CTX_THREADS, 7, {9, 8, 7});
  writer->add_section(CAIRN_CTX_FILES, 1, {});
  writer->add_section(CAIRN_CTX_EXTENSION, 2, big, true);
  writer->add_section(CAIRN_CTX_THREADS, 8, {1});
  writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  const auto& all = reader.sections();
  ASSERT_EQ(all.size(), 9u);  // and the five tables
  EXPECT_EQ(all[0].type, CAIRN_CTX_THREADS);
  EXPECT_EQ(all[0].version, 7u);
  EXPECT_EQ(Bytes(all[0].bytes.begin(), all[0].bytes.end()), (Bytes{9, 8, 7}));
  EXPECT_TRUE(all[1].bytes.empty());
  EXPECT_TRUE(all[2].optional);
  EXPECT_EQ(Bytes(all[2].bytes.begin(), all[2].bytes.end()), big);
  EXPECT_EQ(reader.section(CAIRN_CTX_THREADS)->version, 7u);
  EXPECT_FALSE(reader.section(CAIRN_CTX_TIMERS).has_value());
  EXPECT_THROW(Writer::create([&] {
                 auto o = options();
                 o.path += "2";
                 return o;
               }())
                   ->add_section(CAIRN_CTX_AREAS, 1, {}),
               ArgumentError);
}

TEST_F(ContextWriter, AreasAreSortedWithTheirChunksAndKeepTheirProperties) {
  ArenaMemory high(kBase + 0x10000000, 4), low(kBase, 4);
  high.fill(0, 4, 1);
  low.fill(0, 4, 2);
  high.area().path = "/lib/x.so";
  high.area().file_offset = 8192;
  high.area().device = 77, high.area().inode = 88;
  high.area().deleted = true;
  low.area().grows_down = low.area().is_brk = low.area().no_reserve = low.area().huge_tlb = true;
  low.area().vm_flags = "rd wr mr";
  auto writer = Writer::create(options());
  Lane lane = writer->open_lane();
  const auto a = writer->add_area(high.area());
  lane.append(a, high.address(0), 4);
  const auto b = writer->add_area(low.area());
  lane.append(b, low.address(0), 4);
  ASSERT_TRUE(lane.flush());
  writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  ASSERT_EQ(reader.areas().size(), 2u);
  const Area& first = reader.areas()[0].area;
  EXPECT_EQ(first.start, low.address());
  EXPECT_TRUE(first.grows_down && first.is_brk && first.no_reserve && first.huge_tlb && !first.deleted &&
              !first.shared);
  EXPECT_EQ(first.vm_flags, "rd wr mr");
  const Area& second = reader.areas()[1].area;
  EXPECT_EQ(second.path, "/lib/x.so");
  EXPECT_EQ(second.file_offset, 8192u);
  EXPECT_EQ(second.device, 77u);
  EXPECT_EQ(second.inode, 88u);
  EXPECT_TRUE(second.deleted);
  EXPECT_EQ(load_area(reader, 0), Bytes(low.data(), low.data() + low.size()));
  EXPECT_EQ(load_area(reader, 1), Bytes(high.data(), high.data() + high.size()));
}

TEST_F(ContextWriter, RefusesOverlappingAreasPagesTwiceAndAreasOutsideTheArena) {
  ArenaMemory memory(kBase, 4);
  memory.fill(0, 4, 1);
  {
    auto writer = Writer::create(options());
    writer->add_area(memory.area());
    writer->add_area(memory.area());
    EXPECT_THROW(writer->finish(), PermanentError);
  }
  {
    auto writer = Writer::create(options());
    const auto a = writer->add_area(memory.area());
    Lane lane = writer->open_lane();
    lane.append(a, memory.address(1), 2);
    lane.flush();
    lane.append(a, memory.address(2), 1);
    lane.flush();
    EXPECT_THROW(writer->finish(), PermanentError);
  }
  auto writer = Writer::create(options());
  Area outside;
  outside.start = 0x7f0000000000;
  outside.end = outside.start + kPage;
  EXPECT_THROW(writer->add_area(outside), PermanentError);
  outside.start = kBase + 1;
  outside.end = kBase + kPage;
  EXPECT_THROW(writer->add_area(outside), PermanentError);
}

TEST_F(ContextWriter, UnreadableMemoryIsReadAndItsZerosLeftOut) {
  ArenaMemory memory(kBase, 2000);
  memory.fill(3, 5, 1);
  memory.fill(1999, 1, 2);
  const Bytes before(memory.data(), memory.data() + memory.size());
  ASSERT_EQ(mprotect(memory.data(), memory.size(), PROT_NONE), 0);
  auto writer = Writer::create(options());
  const auto a = writer->add_area(memory.area());
  Lane lane = writer->open_lane();
  EXPECT_TRUE(lane.append_unreadable(a, memory.address(), 2000));
  EXPECT_TRUE(lane.flush());
  writer->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_EQ(reader.areas()[0].stored_pages, 6u);
  EXPECT_EQ(load_area(reader, 0), before);
}

TEST_F(ContextWriter, EmptyFileIsWhole) {
  Writer::create(options())->finish();
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_TRUE(reader.areas().empty());
  reader.verify_all();
}

}  // namespace
}  // namespace cairn::context
