// SPDX-License-Identifier: Apache-2.0
// Truncated, flipped and forged context files are refused, whatever the place.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <functional>

#include "core/base/error.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "tests/unit/core/context/forger.hpp"

namespace cairn::context {
namespace {

using namespace cairn::test;
using ::testing::HasSubstr;

constexpr std::uint64_t kBase = 0x110000000000;

class ContextDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    ArenaMemory memory(kBase, 20), other(kBase + 0x1000000, 8);
    memory.fill(0, 3, 1);
    memory.fill(10, 2, 2);
    std::memset(other.data(), 5, other.size());
    write_file(directory_ / "lib.so", random_bytes(5000, 3));
    other.area().path = directory_ / "lib.so";
    other.area().inode = 1;  // found by path below
    WriterOptions o;
    o.path = path_ = directory_ / "image.ctx";
    o.compression = Compression::lz4;
    o.program = "/bin/x";
    auto writer = Writer::create(o);
    writer->add_section(CAIRN_CTX_PROCESS, 1, {1, 2, 3, 4, 5});
    writer->add_section(CAIRN_CTX_THREADS, 1, random_bytes(300, 9));
    ArenaMemory mapped(kBase + 0x2000000, 2, PROT_READ, MAP_PRIVATE, open_fd(), 0);
    struct stat st;
    ASSERT_EQ(fstat(fd_, &st), 0);
    mapped.area().path = directory_ / "lib.so";
    mapped.area().device = st.st_dev, mapped.area().inode = st.st_ino;
    const auto place = writer->add_object_of(mapped.area());
    ASSERT_EQ(place.object, 0u);
    const auto a = writer->add_area(memory.area());
    const auto b = writer->add_area(other.area());
    const auto c = writer->add_area(mapped.area(), place);
    Lane lane = writer->open_lane();
    lane.append(a, memory.address(0), 3);
    lane.append(a, memory.address(10), 2);
    lane.append(b, other.address(0), 8);
    lane.append_zero(c, mapped.address(1), 1);
    ASSERT_TRUE(lane.flush());
    writer->finish();
    close(fd_);
    good_ = read_file(path_);
    ASSERT_NO_THROW(verify(good_));
  }

  int open_fd() { return fd_ = open((directory_ / "lib.so").c_str(), O_RDONLY | O_CLOEXEC); }

  void verify(const Bytes& bytes) {
    write_file(path_, bytes);
    Reader::open(path_).verify_all();
  }
  void expect_refused(const Bytes& bytes, const std::string& what) {
    try {
      verify(bytes);
      ADD_FAILURE() << "accepted: " << what;
    } catch (const PermanentError& e) {
      EXPECT_THAT(e.what(), HasSubstr(path_)) << what;
    }
  }
  void forge(const std::string& what, const std::function<void(Forger&)>& change) {
    Forger forger(good_);
    change(forger);
    expect_refused(forger.seal(), what);
  }

  TemporaryDirectory directory_;
  std::string path_;
  Bytes good_;
  int fd_ = -1;
};

TEST_F(ContextDamage, TruncatedAnywhere) {
  for (std::size_t length = 0; length < good_.size(); length += kPage) {
    expect_refused(Bytes(good_.begin(), good_.begin() + static_cast<long>(length)), "cut to " + std::to_string(length));
  }
  expect_refused(Bytes(good_.begin(), good_.end() - 1), "cut by one byte");
}

TEST_F(ContextDamage, LongerThanWritten) {
  Bytes longer = good_;
  longer.resize(longer.size() + kPage);
  expect_refused(longer, "a page of zeros behind");
  longer = good_;
  longer.insert(longer.end(), good_.end() - kPage, good_.end());
  expect_refused(longer, "trailer twice");
}

TEST_F(ContextDamage, AnyByteFlipped) {
  const Forger layout(good_);
  std::size_t step = 1;
  for (std::size_t at = 0; at < good_.size(); at += step) {
    Bytes bad = good_;
    bad[at] ^= 0x10;
    expect_refused(bad, "byte " + std::to_string(at));
    // Every byte that means something, and a sample of payload and padding.
    const bool payload = at >= kPage && at < Forger(good_).trailer().metadata_offset;
    const bool padding = good_[at] == 0 && at % 64 > 8;
    step = payload || padding ? 61 : 1;
    if (HasFailure()) break;
  }
}

TEST_F(ContextDamage, TrailerOfAnotherFile) {
  WriterOptions o;
  o.path = directory_ / "other.ctx";
  auto writer = Writer::create(o);
  writer->finish();
  const Bytes other = read_file(o.path);
  Bytes bad = good_;
  std::copy(other.end() - kPage, other.end(), bad.end() - kPage);
  expect_refused(bad, "foreign trailer");
}

TEST_F(ContextDamage, ForgedHeaders) {
  forge("version", [](Forger& f) { f.header().version = 2; });
  forge("big-endian", [](Forger& f) { f.header().endianness = 0x04030201; });
  forge("machine", [](Forger& f) { f.header().machine = 183; });
  forge("page size", [](Forger& f) { f.header().page_size = 65536; });
  forge("header size", [](Forger& f) { f.header().header_size = 8; });
  forge("arena top", [](Forger& f) { f.header().arena_top = kBase; });
  forge("text without end", [](Forger& f) { std::memset(f.header().program, 'x', sizeof f.header().program); });
}

TEST_F(ContextDamage, ForgedCountsAndOffsets) {
  forge("index count", [](Forger& f) { f.trailer().index_count = 0xffffffff; });
  forge("index count 2", [](Forger& f) { f.trailer().index_count = 65536; });
  forge("no sections", [](Forger& f) { f.trailer().index_count = 0; });
  forge("metadata offset", [](Forger& f) { f.trailer().metadata_offset = ~0ULL << 12; });
  forge("payload sum", [](Forger& f) { f.trailer().payload_raw += 4096; });
  forge("section length", [](Forger& f) { f.section(CAIRN_CTX_AREAS).length = ~0ULL; });
  forge("section length 2", [](Forger& f) { f.section(CAIRN_CTX_AREAS).length = 0; });
  forge("section length 3", [](Forger& f) { f.section(CAIRN_CTX_CHUNKS).length -= 8; });
  forge("section offset", [](Forger& f) { f.section(CAIRN_CTX_CHUNKS).offset = 0; });
  forge("section flags", [](Forger& f) { f.section(CAIRN_CTX_CHUNKS).flags = 4; });
  forge("table version", [](Forger& f) { f.section(CAIRN_CTX_CHUNKS).version = 2; });
  forge("table twice", [](Forger& f) { f.section(CAIRN_CTX_AREAS).type = CAIRN_CTX_CHUNKS; });
  forge("table missing", [](Forger& f) { f.section(CAIRN_CTX_AREAS).type = CAIRN_CTX_PRIVATE; });
  forge("unknown section", [](Forger& f) { f.section(CAIRN_CTX_PROCESS).type = 999; });
}

TEST_F(ContextDamage, UnknownSectionsThatMayBeIgnoredAre) {
  Forger f(good_);
  f.section(CAIRN_CTX_PROCESS).flags = CAIRN_CTX_SECTION_OPTIONAL;
  f.section(CAIRN_CTX_PROCESS).type = 999;
  EXPECT_NO_THROW(verify(f.seal()));
}

TEST_F(ContextDamage, ForgedAreas) {
  forge("beyond the arena", [](Forger& f) { f.area(2).end = 0x300000001000; });
  forge("arena top raised too", [](Forger& f) {
    f.header().arena_top = 0x7ffffffff000;
    f.area(2).end = 0x300000001000;
  });
  forge("wraps around", [](Forger& f) { f.area(2).end = 0; });
  forge("unaligned", [](Forger& f) { f.area(0).end += 8; });
  forge("empty", [](Forger& f) { f.area(0).end = f.area(0).start; });
  forge("overlap", [](Forger& f) { f.area(0).end = f.area(1).start + kPage; });
  forge("unsorted", [](Forger& f) { std::swap(f.area(0), f.area(1)); });
  forge("flags", [](Forger& f) { f.area(0).flags |= 0x80000000; });
  forge("prot", [](Forger& f) { f.area(0).prot = 0x01000000; });
  forge("object", [](Forger& f) { f.area(2).object = 1; });
  forge("object offset", [](Forger& f) { f.area(2).object_offset = 7; });
  forge("path", [](Forger& f) { f.area(2).path = 0x7fffffff; });
  forge("no content, but chunks", [](Forger& f) { f.area(0).flags = 0; });
  forge("file offset", [](Forger& f) { f.area(2).file_offset = 1; });
}

TEST_F(ContextDamage, ForgedChunksAndRuns) {
  forge("target", [](Forger& f) { f.chunk(0).target = 3; });
  forge("target of another area", [](Forger& f) { f.chunk(0).target = 1; });
  forge("flags", [](Forger& f) { f.chunk(0).flags = 2; });
  forge("runs", [](Forger& f) { f.chunk(0).run_count = 0xffffffff; });
  forge("no runs", [](Forger& f) { f.chunk(0).run_count = 0; });
  forge("first run", [](Forger& f) { f.chunk(0).first_run = 1; });
  forge("raw", [](Forger& f) { f.chunk(0).raw += 4096; });
  forge("raw too big", [](Forger& f) { f.chunk(0).raw = 0xfffff000; });
  forge("stored", [](Forger& f) { f.chunk(0).stored = ~0ULL; });
  forge("stored nothing", [](Forger& f) { f.chunk(0).stored = 0; });
  forge("offset", [](Forger& f) { f.chunk(0).offset = 0; });
  forge("offset unaligned", [](Forger& f) { f.chunk(0).offset += 8; });
  forge("same payload twice", [](Forger& f) { f.chunk(1).offset = f.chunk(0).offset; });
  forge("compression", [](Forger& f) { f.chunk(1).compression = 3; });
  forge("other compression", [](Forger& f) { f.chunk(1).compression = CAIRN_CTX_ZSTD; });
  forge("checksum", [](Forger& f) { f.chunk(0).checksum ^= 1; });
  forge("run outside", [](Forger& f) { f.run(0).address = kBase - kPage; });
  forge("run beyond the end", [](Forger& f) { f.run(1).address = kBase + 19 * kPage; });
  forge("run wraps", [](Forger& f) { f.run(0).address = ~0ULL << 12; });
  forge("run of no pages", [](Forger& f) { f.run(0).pages = 0; });
  forge("run of very many pages", [](Forger& f) { f.run(0).pages = 0xffffffff; });
  forge("run unaligned", [](Forger& f) { f.run(0).address += 1; });
  forge("runs overlap", [](Forger& f) { f.run(1).address = kBase + 2 * kPage; });
  forge("zero run without object", [](Forger& f) { f.run(0).flags = CAIRN_CTX_RUN_ZERO; });
  forge("run flags", [](Forger& f) { f.run(3).flags = 6; });
}

TEST_F(ContextDamage, ForgedObjects) {
  forge("kind", [](Forger& f) { f.object(0).kind = 3; });
  forge("build-id", [](Forger& f) { f.object(0).build_id_size = 33; });
  forge("size", [](Forger& f) { f.object(0).size = ~0ULL; });
  forge("larger than its content", [](Forger& f) { f.object(0).size = 1 << 20; });
  forge("smaller than its content", [](Forger& f) { f.object(0).size = 10; });
  forge("hash", [](Forger& f) { f.object(0).hash[3] ^= 1; });
  forge("no hash", [](Forger& f) { std::memset(f.object(0).hash, 0, 16); });
  forge("no content", [](Forger& f) { f.object(0).kind = CAIRN_CTX_OBJECT_REFERENCE; });
  forge("external without location", [](Forger& f) { f.object(0).kind = CAIRN_CTX_OBJECT_EXTERNAL; });
  forge("path outside", [](Forger& f) { f.object(0).path = 0xfffffff0; });
  forge("strings without end",
        [](Forger& f) { f.record<std::uint8_t>(CAIRN_CTX_STRINGS, f.section(CAIRN_CTX_STRINGS).length - 1) = 'x'; });
}

TEST_F(ContextDamage, PayloadChangedAfterOpeningIsFoundByLoad) {
  write_file(path_, good_);
  const Reader reader = Reader::open(path_);
  Bytes bad = good_;
  bad[reader.chunks()[0].offset + 5] ^= 1;
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(reader.chunks()[0].offset + 5));
    file.put(static_cast<char>(bad[reader.chunks()[0].offset + 5]));
  }
  ArenaMemory to(kBase + 0x5000000, 20);
  const LoadTarget target{0, to.data()};
  try {
    reader.load({&target, 1});
    ADD_FAILURE() << "loaded damaged payload";
  } catch (const PermanentError& e) {
    EXPECT_THAT(e.what(), HasSubstr("byte " + std::to_string(reader.chunks()[0].offset)));
    EXPECT_THAT(e.what(), HasSubstr("area 0x110000000000"));
  }
}

TEST_F(ContextDamage, OtherFilesAreNotContextFiles) {
  EXPECT_THROW(Reader::open(directory_ / "nothing"), EnvironmentError);
  EXPECT_THROW(Reader::open(directory_.path()), EnvironmentError);
  expect_refused({}, "empty");
  expect_refused(Bytes(10, 'x'), "short");
  expect_refused(Bytes(100 * kPage, 'x'), "something else");
}

}  // namespace
}  // namespace cairn::context
