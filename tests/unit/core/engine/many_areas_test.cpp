// SPDX-License-Identifier: Apache-2.0
// Many small areas cost about what one large one does: the page table is read for all of them at once, and what is
// found is what each would find alone.
#include "core/engine/features.hpp"
#include "core/engine/kernel_dump.hpp"
#include "core/engine/page_scan.hpp"
#include "tests/unit/core/engine/support.hpp"

namespace cairn {
namespace {

using namespace cairn::test;
using engine::PageRange;
using engine::PageScanner;
using engine::ScanKind;
using engine::ScanTarget;

constexpr std::uint64_t kAreas = 3000;

class ManyAreas : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam() && !engine::features().pagemap_scan) GTEST_SKIP() << "no PAGEMAP_SCAN here";
  }
  // Areas of three pages each; in the i-th the page i % 4 has content, if it is one of the three.
  static void fill(ArenaMemory& memory) {
    for (std::uint64_t i = 0; i < kAreas; ++i) {
      if (i % 4 < 3) memory.fill(i * 3 + i % 4, 1, i);
    }
  }
  static ScanTarget target(std::uint64_t i, std::uint64_t ahead) {
    ScanTarget t;
    t.kind = ScanKind::private_all;
    t.start = kBase + i * 3 * kPage;
    t.end = t.start + 3 * kPage;
    t.ahead = ahead;
    return t;
  }
  static std::uint64_t pages_of(PageScanner& scanner, const ScanTarget& t, std::uint64_t wanted) {
    EXPECT_TRUE(scanner.begin(t));
    std::uint64_t pages = 0;
    for (PageRange range; scanner.next(range);) {
      EXPECT_GE(range.start, t.start);
      EXPECT_LE(range.end, t.end);
      if (range.start <= wanted && wanted < range.end) ++pages;
      if (range.end - range.start != kPage) pages += 100;
    }
    EXPECT_EQ(scanner.error(), 0);
    return pages;
  }
};

TEST_P(ManyAreas, AreSeenTogether) {
  ArenaMemory memory(kBase, kAreas * 3);
  madvise(memory.data(), memory.size(), MADV_NOHUGEPAGE);
  fill(memory);
  PageScanner scanner(GetParam(), 0);
  for (std::uint64_t i = 0; i < kAreas; ++i) {
    const ScanTarget t = target(i, kBase + memory.size());
    ASSERT_EQ(pages_of(scanner, t, t.start + i % 4 * kPage), i % 4 < 3 ? 1u : 0u) << i;
  }
  EXPECT_LE(scanner.looks(), kAreas / 100);
}

// What was seen ahead is forgotten when somebody begins again.
TEST_P(ManyAreas, AreSeenAsTheyAreNowWhenAskedAgain) {
  ArenaMemory memory(kBase, kAreas * 3);
  madvise(memory.data(), memory.size(), MADV_NOHUGEPAGE);
  fill(memory);
  PageScanner scanner(GetParam(), 0);
  const std::uint64_t ahead = kBase + memory.size();
  EXPECT_EQ(pages_of(scanner, target(0, ahead), kBase), 1u);
  memory.fill(11, 1, 1);  // of the area 3, which had none
  EXPECT_EQ(pages_of(scanner, target(0, ahead), kBase), 1u);
  EXPECT_EQ(pages_of(scanner, target(3, ahead), kBase + 11 * kPage), 1u);
}

INSTANTIATE_TEST_SUITE_P(Scanner, ManyAreas, ::testing::Bool(),
                         [](const auto& how) { return how.param ? "Scan" : "Entries"; });

// The kernel module writes each area by itself, so that it is for large ones.
TEST(KernelDumperOfManyAreas, LeavesSmallOnesToTheLaneThatGathersThem) {
  const TemporaryDirectory directory;
  context::WriterOptions options;
  options.path = directory / "image.ctx";
  const auto writer = context::Writer::create(options);
  const context::Lane lane = writer->open_lane();
  const engine::KernelDumper dumper(-1);
  engine::AreaPlan plan;
  plan.scan.kind = ScanKind::private_all;
  plan.scan.start = kBase;
  plan.scan.end = kBase + (1u << 20);
  EXPECT_TRUE(dumper.takes(plan, lane));
  plan.scan.end = kBase + 16 * kPage;
  EXPECT_FALSE(dumper.takes(plan, lane));
}

}  // namespace
}  // namespace cairn
