// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/long_path.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/files/comparison.hpp"
#include "core/state/files/kind.hpp"
#include "core/state/files/rescue.hpp"

namespace cairn::state {
namespace {

constexpr char kAccept[] = "--changed=accept uses it as it is";

std::string sizes(const FileRecord& record, const Comparison& now) {
  return std::to_string(record.size) + " bytes at the checkpoint, " + std::to_string(now.size) + " now";
}

// Nor could its owner have opened it at the checkpoint: it is opened all the same (reopen_path_as_owner).
bool was_forbidden(const FileRecord& record) {
  struct stat now {};
  return stat_path(record.path, now) && now.st_mode == record.mode && now.st_uid == geteuid();
}

class FileRecordsReviver : public Reviver {
 public:
  explicit FileRecordsReviver(Restart& restart)
      : restart_(restart), options_(restart.options), records_(restart.image.get<FileRecords>()) {
    for (FileRecord& record : records_.files) record.path = restart::relocated(options_, record.path);
  }
  void restore(Stage stage) override {
    if (stage == Stage::check) check();
    if (stage == Stage::files) settle();
  }

 private:
  struct Change {
    const FileRecord* record;
    Comparison now;
    const SavedContent* saved;  // null: its content was not saved
  };

  void check();
  void settle();
  // Why the file cannot be used; empty if it can.
  std::string objection(const FileRecord& record, const Comparison& now) const;
  std::string objection_to_saved(const FileRecord& record, const Comparison& now, const SavedContent& saved) const;
  bool is_open(const FileRecord& record) const;  // or MPI has it, or it is mapped
  bool is_opened_again(const FileRecord& record) const;
  std::string objection_to_rights(const FileRecord& record, const Comparison& now) const;
  const SavedContent* saved_content(std::size_t file) const;
  bool is_as_it_was(const Comparison& now) const {
    return now.change == state::Change::none || (now.change == state::Change::grown && options_.grown == "keep");
  }
  // Is it made again if it is missing?
  bool may_be_made(const FileRecord& record) const {
    return (record.memory && record.kept) || (options_.missing == "create" && !record.directory);
  }
  Comparison compare_now(const FileRecord& record, const SavedContent* saved) const;
  void look_for_changed_objects(std::vector<std::string>& objections) const;
  std::optional<std::uint64_t> length_of_others(const FileRecord& record) const;
  std::uint64_t length_of(const FileRecord& record) const {
    return std::max(record.size, length_of_others(record).value_or(0));
  }
  bool is_put_back_by_others(const FileRecord& record) const;
  void cut_back(const Change& change);
  void settle(const Change& change);
  void put_back_saved(const Change& change);

  Restart& restart_;
  const restart::Options& options_;
  FileRecords records_;
  std::vector<Change> changes_;
};

// What those ranks that write to a file have saved of it, if it is not this one alone.
std::optional<std::uint64_t> FileRecordsReviver::length_of_others(const FileRecord& record) const {
  const auto found = std::find_if(options_.lengths.begin(), options_.lengths.end(),
                                  [&](const auto& file) { return file.first == record.path; });
  return found == options_.lengths.end() ? std::nullopt : std::optional(found->second);
}

// Another rank makes it what it was before any rank goes on; here it need only be there to be opened.
bool FileRecordsReviver::is_put_back_by_others(const FileRecord& record) const {
  const auto& paths = options_.put_back;
  if (record.written || std::find(paths.begin(), paths.end(), record.path) == paths.end()) return false;
  constexpr double kPatience = 60;  // a file server may show it late
  constexpr std::chrono::milliseconds kLook{10};
  for (const Deadline patience(kPatience); !open_to_read(record.path); std::this_thread::sleep_for(kLook))
    if (patience.passed()) return false;
  return true;
}

std::string FileRecordsReviver::objection(const FileRecord& record, const Comparison& now) const {
  using enum state::Change;
  const bool accepted = options_.changed == "accept";
  switch (now.change) {
    case none:
    case unsure:
    case rewritten:
      return {};
    case grown:
      if (!record.written || options_.grown != "refuse") return {};
      return "is longer: " + sizes(record, now) + " (--grown=cut cuts it)";
    case shorter:
      // As another rank of the job has made it, or is making it.
      if (accepted || (may_be_made(record) && begins_as_kept(record, record.path))) return {};
      return "is shorter: " + sizes(record, now) + " (" + kAccept + ")";
    case replaced:
      if (now.other_kind != nullptr) return std::string("is ") + now.other_kind + " now";
      return accepted ? "" : "has other content: " + sizes(record, now) + " (" + kAccept + ")";
    case missing:
      if (may_be_made(record)) return {};
      return "is missing: " + std::string(std::strerror(now.error)) + " (--relocate OLD=NEW if it has moved" +
             (record.directory ? ")"
              : record.kept    ? "; --missing=create makes it as it was)"
                               : "; --missing=create makes an empty one)");
  }
  return {};
}

const SavedContent* FileRecordsReviver::saved_content(std::size_t file) const {
  const auto found = std::find_if(records_.saved.begin(), records_.saved.end(),
                                  [file](const SavedContent& saved) { return saved.file == file; });
  return found == records_.saved.end() ? nullptr : &*found;
}

Comparison FileRecordsReviver::compare_now(const FileRecord& record, const SavedContent* saved) const {
  const auto length = length_of_others(record);
  if (length && !record.written) {  // as those see it who write to it
    FileRecord theirs = record;
    theirs.written = true;
    theirs.size = std::min(record.size, *length);
    theirs.sampled = record.sampled && theirs.size == record.size;
    return compare(theirs, record.path, length_of(record));
  }
  if (saved == nullptr) {
    const Comparison now = compare(record, record.path, length_of(record));
    if (now.change != state::Change::shorter || !may_be_made(record)) return now;
    // Another rank may be making it again at this moment, with more of its content than this one knows.
    const UniqueFd fd = open_to_read(record.path);
    if (fd) flock(fd.get(), LOCK_SH);
    return compare(record, record.path, length_of(record));
  }
  const std::string& hash = restart_.image.reader().objects()[saved->object].hash;
  return compare_content(record, record.path, hash, length_of(record));
}

// Whatever it is now, it becomes what it was.
std::string FileRecordsReviver::objection_to_saved(const FileRecord& record, const Comparison& now,
                                                   const SavedContent& saved) const {
  using enum state::Change;
  if (now.change == grown) return objection(record, now);
  if (now.change == none) return {};
  if (now.other_kind != nullptr) return std::string("is ") + now.other_kind + " now";
  const std::string directory = record.path.substr(0, record.path.rfind('/') + 1);
  const std::string& written = now.change == missing ? directory : record.path;
  if (!may_access(written, W_OK)) return with_errno("cannot be put back as it was: " + written, errno);
  restart_.image.reader().copy_object(saved.object, -1, record.path);  // is it whole?
  return {};
}

bool FileRecordsReviver::is_open(const FileRecord& record) const {
  const auto& descriptions = restart_.image.get<FilesState>().descriptions;
  return std::any_of(descriptions.begin(), descriptions.end(), [&](const Description& description) {
    return description.kind == regular_file_number && description.path == record.path;
  });
}

// Not if the program has it as standard output and error only, and the new process's stand for both.
bool FileRecordsReviver::is_opened_again(const FileRecord& record) const {
  if (!is_open(record)) return true;  // MPI has it
  for (const Description& description : restart_.image.get<FilesState>().descriptions) {
    if (description.kind != regular_file_number || description.path != record.path) continue;
    if (description.standard < 0 || !takes_new_standard(description.standard, options_.stdio)) return true;
  }
  return false;
}

// Said before any file is changed, also of those that others open for the program later (MPI-IO). A mapping alone may
// do with less than it could once.
std::string FileRecordsReviver::objection_to_rights(const FileRecord& record, const Comparison& now) const {
  if (record.memory || !S_ISREG(record.mode) || now.change == state::Change::missing) return {};
  if (!record.written && !record.sampled) return {};  // nor could it be read then
  if (!is_opened_again(record)) return {};
  if (may_access(record.path, record.written ? W_OK : R_OK) || (was_forbidden(record) && is_open(record))) return {};
  return with_errno(record.written ? "cannot be written any more" : "cannot be read any more", errno);
}

// Executables and libraries that the file holds by reference only.
void FileRecordsReviver::look_for_changed_objects(std::vector<std::string>& objections) const {
  const context::Reader& reader = restart_.image.reader();
  for (std::uint32_t i = 0; i < reader.objects().size(); ++i) {
    const context::StoredObject& object = reader.objects()[i];
    if (object.kind != CAIRN_CTX_OBJECT_REFERENCE) continue;
    const context::Original original = reader.original(i);
    if (original == context::Original::identical) continue;
    objections.push_back(object.path + " is " +
                         (original == context::Original::missing ? "missing" : "another one now") +
                         ": the checkpoint has only a reference to it");
  }
}

void FileRecordsReviver::check() {
  std::vector<std::string> objections;
  for (std::size_t i = 0; i < records_.files.size(); ++i) {
    const FileRecord& record = records_.files[i];
    const SavedContent* saved = saved_content(i);
    if (record.standard >= 0 && takes_new_standard(record.standard, options_.stdio)) continue;
    if (saved != nullptr && length_of(record) > record.size) continue;  // another rank has saved all of it
    if (is_put_back_by_others(record)) continue;
    const Comparison now = compare_now(record, saved);
    if (const std::string why = objection_to_rights(record, now); !why.empty()) {
      objections.push_back(shortened(record.path) + " " + why);
      continue;
    }
    if (now.change == state::Change::none) continue;
    if (record.written && now.change != state::Change::missing && is_context_file(record.path)) continue;
    const std::string why = saved != nullptr ? objection_to_saved(record, now, *saved) : objection(record, now);
    if (!why.empty()) objections.push_back(shortened(record.path) + " " + why);
    changes_.push_back({&record, now, saved});
  }
  look_for_changed_objects(objections);
  if (objections.empty()) return;
  std::string text = restart_.image.reader().name() + ": ";
  if (objections.size() > 1) text += std::to_string(objections.size()) + " files are not what the program had: ";
  for (std::size_t i = 0; i < objections.size(); ++i) text += (objections.size() > 1 ? "\n  " : "") + objections[i];
  throw EnvironmentError(text);
}

void FileRecordsReviver::cut_back(const Change& change) {
  const FileRecord& record = *change.record;
  if (!record.written || options_.grown == "keep") return;
  const bool keep = options_.grown != "discard";
  const std::string beside = cut(record.path, length_of(record), keep);
  if (beside.empty()) return;
  restart_.notes.push_back(record.path + " was cut back: " + sizes(record, change.now) +
                           (keep ? "; what was cut off is in " + beside : ""));
}

void FileRecordsReviver::put_back_saved(const Change& change) {
  const FileRecord& record = *change.record;
  const bool keep = options_.grown != "discard";
  const context::Reader& reader = restart_.image.reader();
  const std::string beside = put_back(
      record, [&] { return is_as_it_was(compare_now(record, change.saved)); },
      [&](int fd) { reader.copy_object(change.saved->object, fd, record.path); }, keep);
  if (beside.empty()) return;
  restart_.notes.push_back(record.path +
                           (change.now.change == state::Change::missing
                                ? " was missing, and was made again with its content at the checkpoint"
                                : " was put back as it was: " + sizes(record, change.now)) +
                           (beside != record.path ? "; what was there is in " + beside : ""));
}

void FileRecordsReviver::settle(const Change& change) {
  const FileRecord& record = *change.record;
  const std::string made =
      std::string(" was missing, and was made again ") + (record.kept ? "with its content at the checkpoint" : "empty");
  switch (change.now.change) {
    case state::Change::grown:
      cut_back(change);
      break;
    case state::Change::missing:
      make_again(record, record.path);
      restart_.notes.push_back(record.path + made);
      break;
    case state::Change::shorter:
      if (options_.changed != "accept" && make_again(record, record.path))
        restart_.notes.push_back(record.path + made);
      else
        restart_.notes.push_back(record.path + " is used as it is: " + sizes(record, change.now));
      break;
    case state::Change::unsure:
      if (!record.written && length_of_others(record)) break;  // others write to it, and say so
      restart_.notes.push_back(record.path +
                               " is used as it is, and may have other content: it is as long as it was and the same "
                               "at both ends, but its time is another");
      break;
    case state::Change::rewritten:
      if (!record.written) break;  // said by those who write to it
      restart_.notes.push_back(record.path + " has been written since the checkpoint: it is newer than the program");
      if (change.now.size > length_of(record)) cut_back(change);
      break;
    default:
      if (record.directory) break;
      restart_.notes.push_back(record.path + " is used as it is: " + sizes(record, change.now));
      break;
  }
}

void FileRecordsReviver::settle() {
  for (const Change& change : changes_) {
    if (change.saved != nullptr && change.now.change != state::Change::grown) {
      put_back_saved(change);
    } else {
      settle(change);
    }
  }
}

}  // namespace

std::unique_ptr<Reviver> prepare_file_records(Restart& restart) {
  return std::make_unique<FileRecordsReviver>(restart);
}

}  // namespace cairn::state
