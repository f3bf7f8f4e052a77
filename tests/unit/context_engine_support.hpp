// SPDX-License-Identifier: Apache-2.0
// A fixture for tests of the user engine: dumps areas, reads the file back.
#pragma once

#include <gmock/gmock.h>

#include "core/common/error.hpp"
#include "core/context/reader.hpp"
#include "core/context/writer.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/features.hpp"
#include "tests/unit/context_support.hpp"

namespace cairn::test {

using context::LoadRequest;
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
    const LoadRequest request{i, to.data()};
    reader.load({&request, 1});
    if (std::memcmp(to.data(), expected.data(), expected.size()) == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "other content";
  }
  return ::testing::AssertionFailure() << "no area at " << start;
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
    engine->dump(r, {}, areas);
    statistics_ = engine->finish(60);
    EXPECT_EQ(statistics_.file_bytes, std::filesystem::file_size(path()));
    Reader reader = Reader::open(path());
    reader.verify_all();
    return reader;
  }

  TemporaryDirectory directory_;
  DumpStatistics statistics_;
};

}  // namespace cairn::test
