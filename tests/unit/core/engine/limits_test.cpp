// SPDX-License-Identifier: Apache-2.0
// The user engine at its limits: huge reservations, full disks, killed and hanging children, missing engines.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "tests/unit/core/engine/support.hpp"

namespace cairn {
namespace {

using namespace cairn::test;
using ::testing::HasSubstr;

class UserEngineLimits : public UserEngineTest {};

TEST_F(UserEngineLimits, TerabytesOfReservationCostNothing) {
  if (!engine::features().pagemap_scan) GTEST_SKIP() << "needs PAGEMAP_SCAN";
  ArenaMemory memory(kBase, 4ULL << 28);  // 4 TiB
  memory.fill(0, 1, 1);
  memory.fill(3ULL << 28, 2, 2);
  auto w = writer();
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, ForkMode::no), {&area, 1});
  const CheckpointStatistics statistics = engine->finish(60);
  EXPECT_EQ(statistics.pages_stored, 3u);
  EXPECT_LE(statistics.pages_seen, 3u + 2 * 512);  // huge pages may surround them
  EXPECT_LT(statistics.dump_seconds, 5);
}

TEST_F(UserEngineLimits, KilledChildIsAnErrorAndLeavesNothing) {
  ArenaMemory memory(kBase, 1000);
  memory.fill(0, 1000, 1);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);  // never read: the child stands still in the middle
  WriterOptions o;
  o.fd = ends[1];
  auto w = Writer::create(o);
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, ForkMode::yes), {&area, 1});
  EXPECT_THROW(engine->finish(0.2), TemporaryError) << "deadline";
  std::ifstream children("/proc/self/task/" + std::to_string(gettid()) + "/children");
  pid_t child = 0;
  children >> child;
  ASSERT_GT(child, 0);
  std::ifstream oom("/proc/" + std::to_string(child) + "/oom_score_adj");
  int score = 0;
  oom >> score;
  EXPECT_EQ(score, 1000);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "the program must not see the child";
  kill(child, SIGKILL);
  try {
    engine->finish(30);
    ADD_FAILURE();
  } catch (const EnvironmentError& e) {
    EXPECT_THAT(e.what(), HasSubstr("killed by signal 9"));
  }
  engine->abandon();
  close(ends[0]);
  close(ends[1]);
}

TEST_F(UserEngineLimits, KilledHelperIsAnError) {
  ArenaMemory memory(kBase, 20000);
  memory.fill(0, 20000, 1);
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  WriterOptions o;
  o.fd = ends[1];
  o.compression = context::Compression::lz4;
  auto w = Writer::create(o);
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  DumpRequest r = request(*w, ForkMode::yes);
  r.threads = 2;
  engine->dump(r, {&area, 1});
  EXPECT_THROW(engine->finish(0.5), TemporaryError);  // both stand before the full pipe
  const auto first_child = [](pid_t of) {
    std::ifstream in("/proc/" + std::to_string(of) + "/task/" + std::to_string(of) + "/children");
    pid_t child = 0;
    in >> child;
    return child;
  };
  const pid_t helper = first_child(first_child(getpid()));
  ASSERT_GT(helper, 0);
  kill(helper, SIGKILL);
  Bytes sink(1 << 20);
  std::thread reader([&] {
    while (read(ends[0], sink.data(), sink.size()) > 0) {
    }
  });
  EXPECT_THROW(engine->finish(30), EnvironmentError);
  engine->abandon();
  w.reset();
  close(ends[1]);
  reader.join();
  close(ends[0]);
}

TEST_F(UserEngineLimits, AbandonEndsTheChild) {
  ArenaMemory memory(kBase, 1000);
  memory.fill(0, 1000, 1);
  auto w = writer();
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, ForkMode::yes), {&area, 1});
  engine->abandon();
  w.reset();
  EXPECT_EQ(waitpid(-1, nullptr, __WALL | WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(directory_.entries(), 0u);
  auto again = writer();  // and the engine can be used again
  engine->dump(request(*again, ForkMode::no), {&area, 1});
  engine->finish(60);
}

TEST_F(UserEngineLimits, FullDiskInlineAndForked) {
  ArenaMemory memory(kBase, 3000);
  memory.fill(0, 3000, 1);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  for (const ForkMode mode : {ForkMode::no, ForkMode::yes}) {
    auto w = writer();
    auto engine = make_engine("user").engine;
    const rlimit limit{1 << 20, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    const Area area = memory.area();
    EXPECT_THROW(
        {
          engine->dump(request(*w, mode), {&area, 1});
          engine->finish(60);
        },
        EnvironmentError);
    setrlimit(RLIMIT_FSIZE, &before);
    engine->abandon();
    w.reset();
    EXPECT_EQ(directory_.entries(), 0u);
  }
}

TEST_F(UserEngineLimits, ChildKeepsNoDescriptorOpen) {
  ArenaMemory memory(kBase, 1000);
  memory.fill(0, 1000, 1);
  int data[2], stuck[2];
  ASSERT_EQ(pipe2(data, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(stuck, O_CLOEXEC), 0);
  WriterOptions o;
  o.fd = stuck[1];
  auto w = Writer::create(o);
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, ForkMode::yes), {&area, 1});
  EXPECT_THROW(engine->finish(0.2), TemporaryError);
  close(data[1]);
  char c;
  EXPECT_EQ(read(data[0], &c, 1), 0) << "the other end must see the pipe closed";
  engine->abandon();
  close(data[0]);
  close(stuck[0]);
  close(stuck[1]);
}

TEST_F(UserEngineLimits, OrdinarySharedFilesAreTheirOwnContent) {
  write_file(directory_ / "data", random_bytes(3 * kPage, 1));
  const int fd = open((directory_ / "data").c_str(), O_RDWR | O_CLOEXEC);
  ArenaMemory memory(kBase, 3, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  struct stat st;
  ASSERT_EQ(fstat(fd, &st), 0);
  close(fd);
  memory.area().path = directory_ / "data";
  memory.area().device = st.st_dev, memory.area().inode = st.st_ino;
  const Area area = memory.area();
  for (const bool save : {false, true}) {
    std::filesystem::remove(path());
    auto w = writer();
    auto engine = make_engine("user").engine;
    DumpRequest r = request(*w, ForkMode::no);
    r.save_shared_files = save;
    engine->dump(r, {&area, 1});
    engine->finish(60);
    const Reader reader = Reader::open(path());
    EXPECT_EQ(reader.areas()[0].content, save);
    EXPECT_EQ(reader.areas()[0].stored_pages, save ? 3u : 0u);
  }
}

// KiB of huge pages in the mapping that starts at `start`.
std::uint64_t huge_kib(std::uint64_t start) {
  std::ifstream smaps("/proc/self/smaps");
  char wanted[24];
  std::snprintf(wanted, sizeof wanted, "%lx-", static_cast<unsigned long>(start));
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.rfind(wanted, 0) == 0) inside = true;
    unsigned long kib = 0;
    if (inside && std::sscanf(line.c_str(), "AnonHugePages: %lu kB", &kib) == 1) return kib;
  }
  return 0;
}

TEST_F(UserEngineLimits, HugePagesAreHugeAgainAfterAForkedDump) {
  constexpr std::uint64_t kPages = 8192;  // 32 MiB
  ArenaMemory memory(kBase, kPages);
  madvise(memory.data(), memory.size(), MADV_HUGEPAGE);
  memory.fill(0, kPages, 1);
  const std::uint64_t before = huge_kib(kBase);
  if (before == 0 || !engine::features().pagemap_scan) GTEST_SKIP() << "no huge pages to be had";
  auto w = writer();
  auto engine = make_engine("user").engine;
  const Area area = memory.area();
  engine->dump(request(*w, ForkMode::yes), {&area, 1});
  for (std::uint64_t i = 0; i < kPages; ++i) memory.page(i)[0] ^= 1;  // splits those the child has not written yet
  const CheckpointStatistics statistics = engine->finish(60);
  EXPECT_EQ(statistics.huge_bytes, before * 1024);
  EXPECT_GE(huge_kib(kBase), before);
}

TEST_F(UserEngineLimits, FastDisksAreWaitedFor) {
  ArenaMemory memory(kBase, 10);
  memory.fill(0, 10, 1);
  const Area area = memory.area();
  for (const double bandwidth : {0.0, 1e8, 5e9}) {
    std::filesystem::remove(path());
    auto w = writer();
    auto engine = make_engine("user").engine;
    DumpRequest r = request(*w, ForkMode::automatic);
    r.expected_bandwidth = bandwidth;
    engine->dump(r, {&area, 1});
    const CheckpointStatistics statistics = engine->finish(60);
    EXPECT_EQ(statistics.forked, bandwidth < 1e9) << statistics.fork_reason.view();
  }
}

TEST_F(UserEngineLimits, EnginesByName) {
  EXPECT_THROW(make_engine("fast"), ArgumentError);
  EXPECT_STREQ(make_engine("user").engine->name(), "user");
  if (engine::features().kmod.empty()) GTEST_SKIP() << "the module is loaded";
  EXPECT_THROW(make_engine("kmod"), EnvironmentError);
  const EngineChoice choice = make_engine("auto");
  EXPECT_STREQ(choice.engine->name(), "user");
  EXPECT_THAT(choice.why, HasSubstr("/dev/cairn"));
}

}  // namespace
}  // namespace cairn
