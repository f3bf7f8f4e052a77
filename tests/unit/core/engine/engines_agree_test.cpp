// SPDX-License-Identifier: Apache-2.0
// Both engines write the same file of the same memory, section by section; only how pages are put together to chunks
// may differ. Needs the kernel module: it is run in a machine that has it (tests/vm), and skipped elsewhere.
#include <map>

#include "tests/unit/core/engine/support.hpp"

namespace cairn {
namespace {

using namespace cairn::test;

enum class Page { content, zeros };

std::map<std::uint64_t, Page> pages_of(const Reader& reader) {
  std::map<std::uint64_t, Page> pages;
  for (const cairn_ctx_run& run : reader.runs()) {
    for (std::uint32_t i = 0; i < run.pages; ++i) {
      const Page kind = (run.flags & CAIRN_CTX_RUN_ZERO) != 0 ? Page::zeros : Page::content;
      EXPECT_TRUE(pages.emplace(run.address + i * kPage, kind).second) << "a page was saved twice";
    }
  }
  return pages;
}

Bytes bytes_of(const Reader& reader, std::uint32_t type) {
  const auto section = reader.section(type);
  return section ? Bytes(section->bytes.begin(), section->bytes.end()) : Bytes{};
}

Bytes content_of(const Reader& reader, std::uint32_t area) {
  const Area& a = reader.areas()[area].area;
  ArenaMemory to(0x200000000000, (a.end - a.start) / kPage);
  const LoadTarget target{area, to.data()};
  reader.load({&target, 1});
  return Bytes(to.data(), to.data() + to.size());
}

class EnginesAgree : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      make_engine("kmod");
    } catch (const EnvironmentError& e) {
      if (std::getenv("CAIRN_REQUIRE_KMOD") != nullptr) FAIL() << e.what();
      GTEST_SKIP() << e.what();
    }
  }

  Reader dump(const std::string& engine_name, const std::vector<Area>& areas) {
    WriterOptions options;
    options.path = directory_ / engine_name;
    auto writer = Writer::create(options);
    auto engine = make_engine(engine_name).engine;
    DumpRequest request;
    request.writer = writer.get();
    request.fork = ForkMode::no;
    engine->dump(request, areas);
    engine->finish(60);
    Reader reader = Reader::open(options.path);
    reader.verify_all();
    return reader;
  }

  void expect_same(const std::vector<Area>& areas) {
    const Reader user = dump("user", areas), kmod = dump("kmod", areas);
    cairn_ctx_header one = user.header(), other = kmod.header();
    one.created_ns = other.created_ns = 0;
    one.checksum = other.checksum = 0;
    EXPECT_EQ(std::memcmp(&one, &other, sizeof one), 0);
    ASSERT_EQ(user.sections().size(), kmod.sections().size());
    for (std::size_t i = 0; i < user.sections().size(); ++i)
      EXPECT_EQ(user.sections()[i].type, kmod.sections()[i].type);
    for (const std::uint32_t type : {CAIRN_CTX_AREAS, CAIRN_CTX_OBJECTS, CAIRN_CTX_STRINGS})
      EXPECT_EQ(bytes_of(user, type), bytes_of(kmod, type)) << "section " << type;
    EXPECT_EQ(user.trailer().payload_raw, kmod.trailer().payload_raw);
    EXPECT_EQ(pages_of(user), pages_of(kmod));
    for (std::uint32_t i = 0; i < user.areas().size(); ++i)
      EXPECT_TRUE(content_of(user, i) == content_of(kmod, i)) << "area " << i;
  }

  TemporaryDirectory directory_;
};

TEST_F(EnginesAgree, SectionBySection) {
  ArenaMemory dense(kBase, 700), sparse(kBase + 0x10000000, 20000), every_other(kBase + 0x20000000, 1000);
  dense.fill(0, 700, 1);
  for (std::uint64_t i = 0; i < 20000; i += 64) sparse.fill(i, 1, i);
  for (std::uint64_t i = 0; i < 1000; i += 2) every_other.fill(i, 1, i);
  ArenaMemory zeros(kBase + 0x30000000, 300), hidden(kBase + 0x40000000, 100), untouched(kBase + 0x70000000, 100000);
  std::memset(zeros.data(), 0, zeros.size());
  zeros.fill(123, 1, 5);
  hidden.fill(10, 30, 6);
  ASSERT_EQ(mprotect(hidden.data(), hidden.size(), PROT_NONE), 0);
  hidden.area().prot = PROT_NONE;
  ArenaMemory shared(kBase + 0x60000000, 300, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
  shared.fill(50, 100, 7);
  shared.area().path = "/dev/zero";
  shared.area().deleted = true;
  expect_same(
      {dense.area(), sparse.area(), every_other.area(), zeros.area(), hidden.area(), untouched.area(), shared.area()});
}

TEST_F(EnginesAgree, OnHugePages) {
  ArenaMemory memory(kBase, 4096);
  madvise(memory.data(), memory.size(), MADV_HUGEPAGE);
  memory.fill(0, 1, 1);
  memory.fill(700, 900, 2);
  memory.fill(4095, 1, 3);
  expect_same({memory.area()});
}

TEST_F(EnginesAgree, OnHugeTlbPages) {
  ArenaMemory memory(kBase, 2048, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
  memory.area().huge_tlb = true;
  for (std::uint64_t i = 0; i < 600; i += 3) memory.fill(i, 1, i);
  expect_same({memory.area()});
}

TEST_F(EnginesAgree, OnSwappedPages) {
  ArenaMemory memory(kBase, 1000);
  madvise(memory.data(), memory.size(), MADV_NOHUGEPAGE);
  for (std::uint64_t i = 0; i < 998; i += 3) memory.fill(i, 2, i);
  madvise(memory.data(), memory.size(), MADV_PAGEOUT);
  expect_same({memory.area()});
}

TEST_F(EnginesAgree, OnModifiedPagesOfFiles) {
  const auto memory = changed_mapping(directory_ / "lib.so", 40);
  expect_same({memory->area()});
}

}  // namespace
}  // namespace cairn
