// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/own_descriptors.hpp"
#include "core/context/writer.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/extension.hpp"
#include "core/state/files/comparison.hpp"
#include "core/state/files/kind.hpp"
#include "core/state/memory/area_text.hpp"

namespace cairn::state {
namespace {

constexpr std::uint64_t kKeepAll = 8ULL << 20;    // contents of all files together
constexpr std::uint64_t kWholeAll = 32ULL << 20;  // what is read of those that are read whole: the program stands

// The files met so far, by what they are.
class Records {
 public:
  void add(std::pair<std::uint64_t, std::uint64_t> identity, const std::string& path, bool written, int standard,
           bool memory) {
    const auto [at, is_new] = index_.try_emplace(identity, records_.files.size());
    if (is_new) {
      FileRecord record;
      record.path = path;
      record.standard = standard;
      records_.files.push_back(record);
    }
    FileRecord& record = records_.files[at->second];
    record.written |= written;
    record.memory = memory && (is_new || record.memory);
    if (record.standard != standard) record.standard = -1;
  }
  FileRecords take() {
    std::uint64_t kept = 0, whole = kWholeAll;
    std::erase_if(records_.files, [&](FileRecord& record) { return !take_record(record, whole); });
    for (FileRecord& record : records_.files) {
      kept += record.content.size();
      if (kept <= kKeepAll) continue;
      record.kept = false;
      record.content.clear();
    }
    return std::move(records_);
  }

 private:
  FileRecords records_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> index_;
};

bool has_content(const OpenFile& file) {
  const mode_t mode = file.status.st_mode;
  return (S_ISREG(mode) || S_ISDIR(mode)) && file.path.starts_with("/") && is_at_its_path(file) &&
         !is_made_by_kernel(file.path);
}

// What is written to it while it is read would make it neither the one nor the other; but a file that a checkpoint is
// being written to is no part of the program.
void save_contents(FileRecords& records, context::Writer& writer) {
  for (std::uint32_t i = 0; i < records.files.size(); ++i) {
    const FileRecord& record = records.files[i];
    if (!record.written || !S_ISREG(record.mode) || is_context_file(record.path)) continue;
    UniqueFd fd = open_to_read(record.path);
    if (!fd)
      throw EnvironmentError(with_errno("the content of " + record.path + " cannot be saved (--save-files)", errno));
    records.saved.push_back({i, writer.store_file(std::move(fd), record.path)});
  }
}

std::vector<std::uint8_t> find_file_records(Capture& capture) {
  Records records;
  for (const OpenFile& file : guest_files(true)) {
    if (!has_content(file)) continue;
    const bool written = (file.flags & O_ACCMODE) != O_RDONLY && (file.flags & O_PATH) == 0;
    records.add({file.status.st_dev, file.status.st_ino}, file.path, written, file.standard, false);
  }
  for (const auto& file : host::extension().open_files()) {
    struct stat status {};
    const bool found = stat_path(file.path, status);
    if (file.inode != 0 && !(found && status.st_dev == file.device && status.st_ino == file.inode))
      throw TemporaryError("the open file " + file.path + " is not at its path any more");
    if (!found || !S_ISREG(status.st_mode)) continue;
    records.add({status.st_dev, status.st_ino}, file.path, file.written, -1, false);
  }
  for (const Area& area : capture.areas) {
    struct stat status {};
    if (!area.shared || area.deleted || !stat_path(area.path, status) || !S_ISREG(status.st_mode)) continue;
    records.add({status.st_dev, status.st_ino}, area.path, has_flag(area, "mw"), -1, true);
  }
  FileRecords taken = records.take();
  if (capture.contents != nullptr) save_contents(taken, *capture.contents);
  return encode(taken);
}

}  // namespace

std::vector<std::uint8_t> capture_file_records(Capture& capture) {
  const auto find = [&] { return find_file_records(capture); };
  return capture.locked_files.empty() ? find() : with_own_descriptors(find);
}

void check_file_records(const Image& image) {
  const FileRecords& records = image.get<FileRecords>();
  for (const SavedContent& saved : records.saved) {
    if (saved.file >= records.files.size() || saved.object >= image.reader().objects().size() ||
        image.reader().objects()[saved.object].hash.empty())
      image.contradiction("the saved content of file " + std::to_string(saved.file) + " makes no sense");
  }
  for (const FileRecord& record : records.files) {
    if (!record.path.starts_with("/") || record.standard < -1 || record.standard > 2 ||
        (record.kept && record.content.size() != record.size))
      image.contradiction("the record of the file " + record.path + " makes no sense");
  }
}

}  // namespace cairn::state
