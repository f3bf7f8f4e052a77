// SPDX-License-Identifier: Apache-2.0
#include "launcher/shared_files.hpp"

#include <algorithm>
#include <map>

#include "core/base/codec.hpp"
#include "core/context/reader.hpp"
#include "core/state/files/state.hpp"

namespace cairn::launcher {

std::vector<std::pair<std::string, std::uint64_t>> shared_files(const Snapshot& snapshot, std::uint64_t sequence) {
  struct Written {
    std::uint64_t length = 0;
    unsigned ranks = 0;
  };
  std::map<std::string, Written> files;
  for (const manifest::Rank& rank : snapshot.manifest.sequences.at(sequence).ranks) {
    const context::Reader reader = context::Reader::open(snapshot.directory + "/" + rank.path);
    const auto section = reader.section(CAIRN_CTX_FILE_RECORDS);
    if (!section) continue;
    for (const state::FileRecord& record : decode<state::FileRecords>(section->bytes, "file records").files) {
      if (!record.written) continue;
      Written& file = files[record.path];
      file.length = std::max(file.length, record.size);
      ++file.ranks;
    }
  }
  std::vector<std::pair<std::string, std::uint64_t>> shared;
  for (const auto& [path, file] : files)
    if (file.ranks > 1) shared.emplace_back(path, file.length);
  return shared;
}

}  // namespace cairn::launcher
