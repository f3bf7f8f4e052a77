// SPDX-License-Identifier: Apache-2.0
// Files stored once per snapshot: by content, by several writers, verified when they are needed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <thread>

#include "core/base/error.hpp"
#include "core/context/object_store.hpp"
#include "core/context/reader.hpp"
#include "core/context/verified_copies.hpp"
#include "core/context/writer.hpp"
#include "tests/unit/core/context/forger.hpp"

namespace cairn::context {
namespace {

using namespace cairn::test;
using ::testing::HasSubstr;

constexpr std::uint64_t kBase = 0x110000000000;

class ContextObject : public ::testing::Test {
 protected:
  void SetUp() override {
    content_ = random_bytes(3 * kPage + 100, 1);
    write_file(library(), content_);
  }
  std::string library() const { return directory_ / "lib.so"; }
  Area mapping() const {
    struct stat st;
    EXPECT_EQ(stat(library().c_str(), &st), 0);
    Area area;
    area.start = kBase, area.end = kBase + 3 * kPage;
    area.prot = PROT_READ;
    area.path = library();
    area.device = st.st_dev, area.inode = st.st_ino;
    area.file_offset = kPage;
    return area;
  }
  WriterOptions options(const std::string& name = "image.ctx") const {
    WriterOptions o;
    o.path = directory_ / name;
    return o;
  }
  WriterOptions external(const std::string& name = "image.ctx") const {
    WriterOptions o = options(name);
    o.object_directory = directory_ / "objects";
    return o;
  }
  Reader write(const WriterOptions& o) const {
    auto writer = Writer::create(o);
    const ObjectPlace place = writer->add_object_of(mapping());
    EXPECT_EQ(place.offset, kPage);
    writer->add_area(mapping(), place);
    writer->finish();
    return Reader::open(o.path);
  }
  static Bytes content_of(const UniqueFd& fd) {
    struct stat st;
    EXPECT_EQ(fstat(fd.get(), &st), 0);
    Bytes bytes(static_cast<std::size_t>(st.st_size));
    EXPECT_EQ(pread(fd.get(), bytes.data(), bytes.size(), 0), st.st_size);
    return bytes;
  }
  void replace_library(std::uint64_t seed) const {
    std::filesystem::remove(library());
    write_file(library(), random_bytes(3 * kPage + 100, seed));
  }

  TemporaryDirectory directory_;
  Bytes content_;
};

TEST_F(ContextObject, EmbeddedSurvivesTheLossOfTheOriginal) {
  const Reader reader = write(options());
  ASSERT_EQ(reader.objects().size(), 1u);
  EXPECT_EQ(reader.objects()[0].path, library());
  EXPECT_EQ(reader.objects()[0].size, content_.size());
  EXPECT_EQ(reader.areas()[0].object, 0u);
  EXPECT_EQ(reader.areas()[0].object_offset, kPage);
  EXPECT_EQ(reader.original(0), Original::identical);
  std::filesystem::remove(library());
  EXPECT_EQ(reader.original(0), Original::missing);
  EXPECT_EQ(content_of(reader.open_object(0)), content_);
  reader.verify_all();
}

// Its holes cost neither space nor, but for the hash, time; and none of what lies between them is lost.
TEST_F(ContextObject, EmbeddedHasTheHolesOfTheOriginal) {
  constexpr std::uint64_t kSize = (2ULL << 30) + 5;
  constexpr std::uint64_t kPlaces[] = {0, 7 * kPage + 1, (5u << 20) - 3, 1ULL << 30, kSize - 1};
  const auto make = [&](const std::string& name, bool with_content) {
    UniqueFd fd(open((directory_ / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_EQ(ftruncate(fd.get(), kSize), 0);
    for (const std::uint64_t at : kPlaces) EXPECT_TRUE(!with_content || pwrite(fd.get(), "x", 1, off_t(at)) == 1);
    EXPECT_EQ(lseek(fd.get(), 100, SEEK_SET), 100);
    return fd;
  };
  const UniqueFd sparse = make("sparse", true), empty = make("empty", false);
  const std::string hash = [&] {
    const ObjectHash value = hash_file(sparse.get(), kSize, "sparse");
    return to_hex(value.data(), value.size());
  }();
  auto writer = Writer::create(options());
  for (const UniqueFd* fd : {&sparse, &empty}) writer->store_file(UniqueFd(dup(fd->get())), "/gone");
  writer->finish();
  EXPECT_EQ(lseek(sparse.get(), 0, SEEK_CUR), 100) << "whoever shares it would notice";
  EXPECT_LT(std::filesystem::file_size(directory_ / "image.ctx"), 1u << 20);
  const Reader reader = Reader::open(directory_ / "image.ctx");
  EXPECT_EQ(reader.objects()[0].hash, hash);
  for (const std::uint32_t i : {0u, 1u}) {
    const UniqueFd copy = reader.open_object(i, false);
    struct stat st;
    EXPECT_TRUE(fstat(copy.get(), &st) == 0 && st.st_size == kSize && st.st_blocks < 1000);
    for (const std::uint64_t at : kPlaces) {
      char byte = 'y';
      EXPECT_EQ(pread(copy.get(), &byte, 1, off_t(at)), 1);
      EXPECT_EQ(byte, i == 0 ? 'x' : '\0') << at;
    }
  }
}

TEST_F(ContextObject, HolesWithoutEndAreRefused) {
  const UniqueFd endless(memfd_create("endless", MFD_CLOEXEC));
  ASSERT_EQ(ftruncate(endless.get(), CAIRN_CTX_HOLES_MAX + 2 * kPage), 0);
  auto writer = Writer::create(options());
  try {
    writer->store_file(UniqueFd(dup(endless.get())), "/memfd:endless");
    ADD_FAILURE() << "it was stored";
  } catch (const PermanentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("holes of more than 64 GiB"));
  }
}

TEST_F(ContextObject, ExternalIsNamedByHashAndMovesWithTheSnapshot) {
  write(external());
  std::filesystem::remove(library());
  const std::string moved = directory_ / "elsewhere";
  std::filesystem::create_directory(moved);
  std::filesystem::rename(directory_ / "image.ctx", moved + "/image.ctx");
  std::filesystem::rename(directory_ / "objects", moved + "/objects");
  const Reader reader = Reader::open(moved + "/image.ctx");
  EXPECT_EQ(reader.objects()[0].location, "objects/" + reader.objects()[0].hash);
  EXPECT_EQ(content_of(reader.open_object(0)), content_);
  reader.verify_all();
}

TEST_F(ContextObject, DirectoryBesideTheSnapshotIsFoundUpwards) {
  std::filesystem::create_directory(directory_ / "3");
  WriterOptions o = external("3/image.ctx");
  const Reader reader = write(o);
  EXPECT_THAT(reader.objects()[0].location, ::testing::StartsWith("../objects/"));
  EXPECT_EQ(content_of(reader.open_object(0, false)), content_);
}

TEST_F(ContextObject, SharedByWritersInParallel) {
  constexpr int kWriters = 4;
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([this, i] { write(external("image" + std::to_string(i) + ".ctx")).verify_all(); });
  }
  for (auto& t : threads) t.join();
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "objects")) {
    EXPECT_EQ(entry.path().filename().string().size(), 32u);
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST_F(ContextObject, DamagedExternalIsFound) {
  const Reader reader = write(external());
  const std::string path = reader.object_path(0);
  Bytes bad = content_;
  bad[17] ^= 1;
  write_file(path, bad);
  EXPECT_THROW(reader.verify_all(), PermanentError);
  EXPECT_THROW(reader.open_object(0, false), PermanentError);
  EXPECT_EQ(content_of(reader.open_object(0, true)), content_) << "the original is still good";
  std::filesystem::remove(path);
  EXPECT_THROW(reader.open_object(0, false), EnvironmentError);
}

TEST_F(ContextObject, DamagedExternalIsStoredAnew) {
  ObjectCache cache;
  WriterOptions o = external();
  o.cache = &cache;
  const Reader first = write(o);
  for (const Bytes& damage : {random_bytes(content_.size(), 9), random_bytes(5, 9)}) {
    write_file(first.object_path(0), damage);
    o.path = directory_ / ("image" + std::to_string(damage.size()) + ".ctx");
    write(o).verify_all();
    first.verify_all();
  }
}

TEST_F(ContextObject, OriginalServesForADamagedExternal) {
  const Reader reader = write(external());
  write_file(reader.object_path(0), random_bytes(content_.size(), 9));
  VerifiedCopies copies(true);
  reader.verify_all(1, false, &copies);
  reader.verify_all(2, false, &copies);  // of another file that refers to it
  ASSERT_EQ(copies.unusable().size(), 1u);
  EXPECT_THAT(copies.unusable()[0], HasSubstr("damaged"));
  EXPECT_THAT(copies.unusable()[0], HasSubstr(library()));
  replace_library(2);
  VerifiedCopies others(true);
  EXPECT_THROW(reader.verify_all(1, false, &others), PermanentError);
}

TEST_F(ContextObject, ReferenceNeedsTheOriginal) {
  WriterOptions o = options();
  o.by_reference = true;
  const Reader reader = write(o);
  EXPECT_EQ(reader.objects()[0].kind, static_cast<std::uint32_t>(CAIRN_CTX_OBJECT_REFERENCE));
  EXPECT_EQ(content_of(reader.open_object(0)), content_);
  replace_library(2);
  EXPECT_EQ(reader.original(0), Original::changed);
  try {
    reader.open_object(0);
    ADD_FAILURE();
  } catch (const EnvironmentError& e) {
    EXPECT_THAT(e.what(), HasSubstr(library()));
    EXPECT_THAT(e.what(), HasSubstr("has changed"));
  }
  std::filesystem::remove(library());
  EXPECT_THROW(reader.open_object(0), EnvironmentError);
}

TEST_F(ContextObject, LargeFilesAreByReference) {
  WriterOptions o = options();
  o.object_limit = kPage;
  EXPECT_EQ(write(o).objects()[0].kind, static_cast<std::uint32_t>(CAIRN_CTX_OBJECT_REFERENCE));
}

TEST_F(ContextObject, SameContentElsewhereIsTheOriginal) {
  const Reader reader = write(options());
  std::filesystem::remove(library());
  write_file(library(), content_);  // another inode, another time
  EXPECT_EQ(reader.original(0), Original::identical);
  replace_library(7);
  EXPECT_EQ(reader.original(0), Original::changed);
}

TEST_F(ContextObject, ReplacedFileIsNotTakenForTheMappedOne) {
  const Area mapped = mapping();
  const UniqueFd held(open(library().c_str(), O_RDONLY | O_CLOEXEC));  // as the mapping would: the inode stays in use
  replace_library(3);
  auto writer = Writer::create(options());
  EXPECT_EQ(writer->add_object_of(mapped).object, CAIRN_CTX_NONE);
  Area deleted = mapping();
  deleted.deleted = true;
  EXPECT_EQ(Writer::create(options("b"))->add_object_of(deleted).object, CAIRN_CTX_NONE);
}

TEST_F(ContextObject, HashesAreRememberedByIdentity) {
  ObjectCache cache;
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  utimensat(AT_FDCWD, library().c_str(), old, 0);
  const UniqueFd fd(open(library().c_str(), O_RDONLY | O_CLOEXEC));
  FileIdentity identity = identify(fd.get(), library());
  cache.remember(identity, hash_file(fd.get(), identity.size, library()));
  EXPECT_FALSE(cache.find(identity)) << "its inode changed just now: it may change again unseen";
  identity.ctime_ns = 1000;
  cache.remember(identity, hash_file(fd.get(), identity.size, library()));
  EXPECT_TRUE(cache.find(identity));
  identity.mtime_ns += 1;
  EXPECT_FALSE(cache.find(identity));
}

TEST_F(ContextObject, LocationsThatLeadElsewhereAreRefused) {
  write(external());
  const Bytes good = read_file(directory_ / "image.ctx");
  Forger probe(good);
  const auto at = probe.object(0).location;
  const std::string location = reinterpret_cast<const char*>(&probe.record<char>(CAIRN_CTX_STRINGS, at));
  const std::string hash = location.substr(location.size() - 32);
  const auto with = [&](std::string text) {
    Forger f(good);
    text.resize(location.size(), 'x');
    std::memcpy(&f.record<char>(CAIRN_CTX_STRINGS, at), text.data(), text.size());
    write_file(directory_ / "bad.ctx", f.seal());
    return Reader::open(directory_ / "bad.ctx");
  };
  EXPECT_NO_THROW(with(location));
  EXPECT_NO_THROW(with("../bjec/" + hash)) << "upwards at the beginning is how snapshots share objects";
  EXPECT_THROW(with("/objects" + hash), PermanentError);
  EXPECT_THROW(with("objects/" + std::string(32, 'a')), PermanentError);
  EXPECT_THROW(with("obj/../" + hash), PermanentError);
  EXPECT_THROW(with("objec//" + hash), PermanentError);
}

TEST_F(ContextObject, BuildIdOfAProgram) {
  const UniqueFd libc(open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY | O_CLOEXEC));
  if (!libc) GTEST_SKIP() << "no C library where Debian has it";
  EXPECT_EQ(build_id(libc.get()).size(), 20u);
  const UniqueFd none(open(library().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(build_id(none.get()).empty());
}

}  // namespace
}  // namespace cairn::context
