// SPDX-License-Identifier: Apache-2.0
#include "launcher/shared_files.hpp"

#include <algorithm>

#include "core/state/files/read.hpp"

namespace cairn::launcher {

void SharedFiles::look_at(const context::Reader& image) {
  const auto section = image.section(CAIRN_CTX_FILE_RECORDS);
  if (!section) return;
  for (const state::FileRecord& record : state::read_file_records(section->bytes, section->version).files) {
    if (!record.written) continue;
    Written& file = files_[record.path];
    file.length = std::max(file.length, record.size);
    ++file.ranks;
  }
}

std::vector<std::pair<std::string, std::uint64_t>> SharedFiles::lengths() const {
  std::vector<std::pair<std::string, std::uint64_t>> shared;
  for (const auto& [path, file] : files_)
    if (file.ranks > 1) shared.emplace_back(path, file.length);
  return shared;
}

}  // namespace cairn::launcher
