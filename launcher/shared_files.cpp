// SPDX-License-Identifier: Apache-2.0
#include "launcher/shared_files.hpp"

#include <algorithm>

#include "core/state/files/read.hpp"

namespace cairn::launcher {

void SharedFiles::look_at(const context::Reader& image) {
  const auto section = image.section(CAIRN_CTX_FILE_RECORDS);
  if (!section) return;
  const state::FileRecords records = state::read_file_records(section->bytes, section->version);
  for (const state::FileRecord& record : records.files) {
    if (record.directory) continue;
    File& file = files_[record.path];
    (record.written ? file.written : file.read).insert(record.inode);
    if (!record.written) continue;
    file.length = std::max(file.length, record.size);
    ++file.writers;
  }
  for (const state::SavedContent& saved : records.saved)
    if (saved.file < records.files.size()) files_[records.files[saved.file].path].saved = true;
}

bool SharedFiles::File::is_read_by_others() const {
  return std::any_of(read.begin(), read.end(), [this](std::uint64_t inode) { return written.contains(inode); });
}

std::vector<std::pair<std::string, std::uint64_t>> SharedFiles::lengths() const {
  std::vector<std::pair<std::string, std::uint64_t>> shared;
  for (const auto& [path, file] : files_)
    if (file.writers > 1 || file.is_read_by_others()) shared.emplace_back(path, file.length);
  return shared;
}

std::vector<std::string> SharedFiles::put_back() const {
  std::vector<std::string> paths;
  for (const auto& [path, file] : files_)
    if (file.saved && file.is_read_by_others()) paths.push_back(path);
  return paths;
}

}  // namespace cairn::launcher
