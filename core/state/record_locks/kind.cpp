// SPDX-License-Identifier: Apache-2.0
// The descriptors' capture has found them. They are taken when nothing that the host has opened is closed any more: it
// might be such a file.
#include "core/state/kind.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/context/format.h"
#include "core/state/descriptors/locks.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/image.hpp"
#include "core/state/record_locks/state.hpp"

namespace cairn::state {
namespace {

std::vector<std::uint8_t> capture(Capture& capture) {
  RecordLocks state{std::move(capture.record_locks)};
  if (state.locks.empty()) return {};
  return encode(state);
}

const std::string& path_of(const RecordLock& lock, const FilesState& files) {
  static const std::string none;
  const auto found = std::find_if(files.descriptors.begin(), files.descriptors.end(),
                                  [&](const Descriptor& d) { return d.number == lock.number; });
  return found != files.descriptors.end() ? files.descriptions[found->description].path : none;
}

void check(const Image& image) {
  for (const RecordLock& lock : image.get<RecordLocks>().locks) {
    if (path_of(lock, image.get<FilesState>()).empty() || !is_range(lock.start, lock.length))
      image.contradiction("a lock at descriptor " + std::to_string(lock.number) + " makes no sense");
  }
}

class RecordLocksReviver : public Reviver {
 public:
  explicit RecordLocksReviver(Restart& restart) : image_(restart.image), locks_(image_.get<RecordLocks>().locks) {}
  void restore(Stage stage) override {
    if (stage != Stage::locks) return;
    for (const RecordLock& lock : locks_) take(lock);
  }

 private:
  void take(const RecordLock& lock) const {
    struct flock range = range_of(lock.exclusive, lock.start, lock.length);
    if (fcntl(lock.number, F_SETLK, &range) == 0) return;
    const int error = errno;
    const std::string name = image_.reader().name() + ": the lock that the program had on " +
                             shortened(path_of(lock, image_.get<FilesState>()));
    if (error != EAGAIN && error != EACCES) throw EnvironmentError(with_errno(name + " cannot be taken again", error));
    const bool known = fcntl(lock.number, F_GETLK, &range) == 0 && range.l_type != F_UNLCK && range.l_pid > 0;
    throw EnvironmentError(name + " is held by another process now" +
                           (known ? ": process " + std::to_string(range.l_pid) : ""));
  }

  const Image& image_;
  const std::vector<RecordLock>& locks_;
};

std::unique_ptr<Reviver> prepare(Restart& restart) { return std::make_unique<RecordLocksReviver>(restart); }

}  // namespace

extern const Kind record_locks_kind;
const Kind record_locks_kind = {
    .name = RecordLocks::section_name,
    .section = CAIRN_CTX_RECORD_LOCKS,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture,
    .read = read_plain<RecordLocks>,
    .check = check,
    .prepare = prepare,
    .documentation =
        {"locks of the process on files (F_SETLK, lockf)",
         "in the section RECORD LOCKS: descriptor, range, whether exclusive; taken again before the program "
         "goes on",
         "one that somebody else holds at the restart refuses it; on what the process was started with at "
         "0, 1 and 2, and leases, are refused",
         "tests/state/record_locks/record_locks.py"},
};

}  // namespace cairn::state
