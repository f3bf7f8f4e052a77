// SPDX-License-Identifier: Apache-2.0
// Files of objects/ go when no image needs them any more. The images are real ones.
#include "pmix/manifest/stored_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/context/writer.hpp"
#include "pmix/manifest/snapshot_store.hpp"
#include "tests/unit/pmix/manifest/support.hpp"

namespace cairn::manifest {
namespace {

namespace fs = std::filesystem;

class StoredFilesOf : public testing::Test {
 protected:
  // One rank's image, with files of these contents in objects/.
  void write_image(std::uint64_t sequence, const std::vector<std::string>& contents) {
    context::WriterOptions options;
    options.path = store_.path(sequence) + "/rank_0.ctx";
    options.object_directory = store_.objects();
    const auto writer = context::Writer::create(options);
    for (const std::string& content : contents) {
      const std::string file = scratch_.path("file");
      std::ofstream(file) << content;
      writer->store_file(UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC)), file);
    }
    writer->finish();
  }
  std::uint64_t take(const std::vector<std::string>& contents) {
    const std::uint64_t n = begin();
    write_image(n, contents);
    store_.commit(n, test::sequence_of(1, n));
    return n;
  }
  std::uint64_t begin() {
    Job job;
    job.ranks = 1;
    return store_.begin(job);
  }
  // The contents of what is in objects/.
  std::set<std::string> stored() const {
    std::set<std::string> contents;
    for (const auto& entry : fs::directory_iterator(store_.objects())) {
      std::ifstream file(entry.path());
      contents.insert({std::istreambuf_iterator<char>(file), {}});
    }
    return contents;
  }
  using Set = std::set<std::string>;

  test::ScratchDirectory scratch_;
  SnapshotStore store_{scratch_.path("s")};
};

TEST_F(StoredFilesOf, SequencesThatArePrunedAreRemoved) {
  for (const char* content : {"0", "1", "2", "3"}) take({"program", content});
  EXPECT_EQ(stored(), (Set{"program", "0", "1", "2", "3"}));
  store_.prune(2);
  EXPECT_EQ(stored(), (Set{"program", "2", "3"}));
}

TEST_F(StoredFilesOf, ARemovedSequenceStayIfAnotherNeedsThem) {
  take({"0", "shared"});
  const std::uint64_t one = take({"1"});
  take({"2", "shared"});
  store_.remove(0);
  EXPECT_EQ(stored(), (Set{"1", "2", "shared"}));
  store_.remove(one);
  EXPECT_EQ(stored(), (Set{"2", "shared"}));
}

TEST_F(StoredFilesOf, AnAttemptThatFailedAreRemoved) {
  take({"program"});
  const std::uint64_t n = begin();
  write_image(n, {"program", "of the attempt"});
  store_.discard(n);
  EXPECT_EQ(stored(), Set{"program"});
  EXPECT_EQ(take({"again"}), n);
  store_.discard(begin());
  EXPECT_EQ(stored(), (Set{"program", "again"}));
}

TEST_F(StoredFilesOf, AKilledProcessAreRemovedIfTheyAreNotComplete) {
  take({"program"});
  std::ofstream(store_.objects() + "/.object-abcdef") << "half";
  begin();
  EXPECT_EQ(stored(), Set{"program"});
}

TEST_F(StoredFilesOf, AllSequencesStayIfAnImageCannotBeRead) {
  take({"0"});
  take({"1"});
  take({"2"});
  std::ofstream(store_.path(1) + "/rank_0.ctx") << "damage";
  store_.remove(0);
  EXPECT_EQ(stored(), (Set{"0", "1", "2"}));
}

TEST_F(StoredFilesOf, OthersStay) {
  take({"program"});
  std::ofstream(store_.objects() + "/notes") << "mine";
  std::ofstream(store_.objects() + "/" + std::string(32, 'a')) << "nobody's";
  store_.remove_unused_objects();
  EXPECT_EQ(stored(), (Set{"program", "mine"}));
}

}  // namespace
}  // namespace cairn::manifest
