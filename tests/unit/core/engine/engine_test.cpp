// SPDX-License-Identifier: Apache-2.0
// The user engine saves memory as it was at dump(), in-line or from a forked child, and costs nothing where there
// is nothing.
#include <fcntl.h>

#include "tests/unit/core/engine/support.hpp"

namespace cairn {
namespace {

using namespace cairn::test;

TEST_P(UserEngineTest, SavesPagesWithContentOnly) {
  ArenaMemory memory(kBase, 1000);
  memory.fill(0, 3, 1);
  memory.fill(500, 1, 2);
  memory.page(700)[0] = 0;     // touched, but zero
  memory.page(999)[4095] = 1;  // the last byte
  const Reader reader = dump({memory.area()});
  EXPECT_EQ(statistics_.pages_stored, 5u);
  EXPECT_LE(statistics_.pages_seen, 1000u);
  EXPECT_EQ(statistics_.forked, GetParam() == ForkMode::yes);
  EXPECT_EQ(reader.areas()[0].stored_pages, 5u);
  EXPECT_TRUE(holds(reader, kBase, Bytes(memory.data(), memory.data() + memory.size())));
}

TEST_P(UserEngineTest, SavesWhatWasThereAtDump) {
  ArenaMemory memory(kBase, 5000);
  memory.fill(0, 5000, 1);
  const Bytes before(memory.data(), memory.data() + memory.size());
  auto w = writer();
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, GetParam()), {&area, 1});
  memory.fill(0, 5000, 2);  // the program goes on
  engine->finish(60);
  EXPECT_TRUE(holds(Reader::open(path()), kBase, before));
}

TEST_P(UserEngineTest, SharedMemoryIsSavedDuringThePause) {
  ArenaMemory memory(kBase, 600, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
  memory.fill(0, 300, 1);
  memory.area().path = "/dev/zero";
  memory.area().deleted = true;
  const Bytes before(memory.data(), memory.data() + memory.size());
  auto w = writer();
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, GetParam()), {&area, 1});
  memory.fill(0, 300, 2);
  engine->finish(60);
  EXPECT_TRUE(holds(Reader::open(path()), kBase, before));
}

TEST_P(UserEngineTest, AreasThatAChildWouldNotSee) {
  ArenaMemory wiped(kBase, 4), hidden(kBase + 0x100000, 4);
  wiped.fill(0, 4, 1);
  hidden.fill(0, 4, 2);
  ASSERT_EQ(madvise(wiped.data(), wiped.size(), MADV_WIPEONFORK), 0);
  ASSERT_EQ(madvise(hidden.data(), hidden.size(), MADV_DONTFORK), 0);
  wiped.area().vm_flags = "rd wr mr mw me ac wf";
  hidden.area().vm_flags = "rd wr mr mw me dc ac";
  const Reader reader = dump({wiped.area(), hidden.area()});
  EXPECT_TRUE(holds(reader, wiped.address(), Bytes(wiped.data(), wiped.data() + wiped.size())));
  EXPECT_TRUE(holds(reader, hidden.address(), Bytes(hidden.data(), hidden.data() + hidden.size())));
}

TEST_P(UserEngineTest, InaccessibleMemoryIsSaved) {
  ArenaMemory memory(kBase, 5000);
  memory.fill(10, 3, 1);
  memory.fill(4000, 1, 2);
  const Bytes before(memory.data(), memory.data() + memory.size());
  ASSERT_EQ(mprotect(memory.data(), memory.size(), PROT_NONE), 0);
  memory.area().prot = PROT_NONE;
  const Reader reader = dump({memory.area()});
  EXPECT_EQ(reader.areas()[0].stored_pages, 4u);
  EXPECT_TRUE(holds(reader, kBase, before));
}

TEST_P(UserEngineTest, GuardPagesDoNoHarm) {
  constexpr int kGuardInstall = 102;  // MADV_GUARD_INSTALL, Linux 6.13
  ArenaMemory memory(kBase, 20);
  memory.fill(0, 20, 1);
  Bytes expected(memory.data(), memory.data() + memory.size());
  if (madvise(memory.page(3), 2 * kPage, kGuardInstall) != 0) GTEST_SKIP() << "this kernel has no guard pages";
  std::memset(expected.data() + 3 * kPage, 0, 2 * kPage);
  const Reader reader = dump({memory.area()});
  EXPECT_EQ(reader.areas()[0].stored_pages, 18u);
  EXPECT_TRUE(holds(reader, kBase, expected));
}

TEST_P(UserEngineTest, ModifiedPagesOfPrivateFileMappings) {
  const auto memory = changed_mapping(directory_ / "lib.so", 10);
  const Reader reader = dump({memory->area()});
  EXPECT_EQ(reader.areas()[0].stored_pages, 1u);
  EXPECT_EQ(reader.areas()[0].zero_pages, 1u);
  ASSERT_EQ(reader.areas()[0].object, 0u);
  const UniqueFd content = reader.open_object(0, false);
  ArenaMemory to(0x200000000000, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE, content.get());
  const LoadTarget load{0, to.data()};
  reader.load({&load, 1});
  EXPECT_EQ(std::memcmp(to.data(), memory->data(), memory->size()), 0);
}

TEST_P(UserEngineTest, FilesThatAreGoneAreSavedFromMemory) {
  write_file(directory_ / "data", random_bytes(3 * kPage, 1));
  const int fd = open((directory_ / "data").c_str(), O_RDONLY | O_CLOEXEC);
  ArenaMemory memory(kBase, 6, PROT_READ, MAP_PRIVATE, fd);  // longer than the file: its end is a bus error
  close(fd);
  std::filesystem::remove(directory_ / "data");
  memory.area().path = directory_ / "data";
  memory.area().inode = 1;
  memory.area().deleted = true;
  const Reader reader = dump({memory.area()});
  if (reader.areas()[0].object == CAIRN_CTX_NONE) {  // without privileges
    EXPECT_TRUE(holds(reader, kBase, Bytes(memory.data(), memory.data() + 3 * kPage)));
  } else {
    EXPECT_EQ(reader.objects()[0].size, 3 * kPage);
  }
}

TEST_P(UserEngineTest, ByManyThreads) {
  ArenaMemory memory(kBase, 70000);  // more than one slice
  memory.fill(0, 3000, 1);
  memory.fill(65530, 20, 2);
  memory.fill(69999, 1, 3);
  const Reader reader = dump({memory.area()}, 3);
  EXPECT_EQ(reader.areas()[0].stored_pages, 3021u);
  EXPECT_TRUE(holds(reader, kBase, Bytes(memory.data(), memory.data() + memory.size())));
}

// Several threads take slices of one area in turn, and none has enough in a slice to fill a chunk.
TEST_P(UserEngineTest, SparseAreaByManyThreads) {
  constexpr std::uint64_t kPages = (8UL << 30) / kPage, kStep = (4UL << 20) / kPage;
  ArenaMemory memory(kBase, kPages);
  for (std::uint64_t page = 0; page < kPages; page += kStep) memory.fill(page, 1, page / kStep);
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(dump({memory.area()}, 4).areas()[0].stored_pages, kPages / kStep) << round;
    std::filesystem::remove(path());
  }
}

TEST_P(UserEngineTest, CompressedByMany) {
  constexpr std::uint64_t kPages = 60000;  // 234 MiB
  ArenaMemory memory(kBase, kPages), other(kBase + 0x100000000, 10);
  for (std::uint64_t i = 0; i < kPages; i += 3) std::memset(memory.page(i), static_cast<int>(i % 250) + 1, kPage);
  other.fill(0, 10, 1);
  const Bytes before(memory.data(), memory.data() + memory.size());
  for (const char* method : {"lz4", "zstd"}) {
    std::filesystem::remove(path());
    WriterOptions o;
    o.path = path();
    o.compression = context::parse_compression(method);
    auto w = Writer::create(o);
    auto engine = make_engine("user").engine;
    DumpRequest r = request(*w, GetParam());
    r.threads = 3;
    const std::vector<Area> areas{memory.area(), other.area()};
    engine->dump(r, areas);
    const CheckpointStatistics statistics = engine->finish(60);
    EXPECT_EQ(statistics.pages_stored, kPages / 3 + 10);
    EXPECT_LT(statistics.payload_bytes, kPages * kPage / 10);
    const Reader reader = Reader::open(path());
    reader.verify_all(2);
    EXPECT_TRUE(holds(reader, kBase, before));
  }
}

INSTANTIATE_TEST_SUITE_P(Fork, UserEngineTest, ::testing::Values(ForkMode::no, ForkMode::yes),
                         [](const auto& values) { return values.param == ForkMode::yes ? "forked" : "inline"; });

}  // namespace
}  // namespace cairn
