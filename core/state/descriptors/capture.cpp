// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/text.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/kinds/elsewhere.hpp"
#include "core/state/descriptors/locks.hpp"
#include "core/state/descriptors/open_files.hpp"
#include "core/state/descriptors/other_holders.hpp"
#include "core/state/descriptors/process_files.hpp"
#include "core/state/descriptors/room.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {
namespace {

// Whom signals of the description go to. Of what comes from the new place the old owner is no matter.
void describe_owner(const OpenFile& file, Description& result) {
  f_owner_ex owner{};
  result.signal = static_cast<std::int32_t>(raw_syscall(SYS_fcntl, file.fd, F_GETSIG));
  if (is_error(raw_syscall(SYS_fcntl, file.fd, F_GETOWN_EX, address(&owner))) || owner.pid == 0) return;
  if (owner.type == F_OWNER_PID && is_saved_together(owner.pid)) result.owner = owner.pid;
  if (owner.type == F_OWNER_PGRP && is_group_saved_together(owner.pid)) result.owner = -owner.pid;
  if (result.owner != 0 || result.standard >= 0) return;
  const char* const kinds[] = {"thread ", "process ", "process group "};
  throw TemporaryError("signals of " + shortened(file.path) + at(file) + " go to " +
                       kinds[std::clamp<int>(owner.type, 0, 2)] + std::to_string(owner.pid) +
                       " (F_SETOWN); only processes that are saved together, and their process groups, can be saved as "
                       "their owner");
}

const DescriptorKind& kind_of(const OpenFile& file) {
  const auto all = descriptor_kinds();
  return **std::find_if(all.begin(), all.end(), [&](const DescriptorKind* k) { return k->recognise(file); });
}

// One look at all descriptors, and what they have in common.
class Capturing {
 public:
  // `writer` null: while the guest runs.
  explicit Capturing(context::Writer* writer) : open_(writer != nullptr), writer_(writer) {
    if (const GroupSharing* sharing = group_sharing()) saved_by_others_ = sharing->saved_by_others(getpid());
  }
  void run();
  FilesState files;
  SharedObjects shared;
  std::vector<RecordLock> record_locks;
  std::set<ObjectIdentity> locked_files;

 private:
  Description describe(const OpenFile& file);
  void add(const OpenFile& file, std::uint32_t index);
  void save_objects();

  struct Object {
    const DescriptorKind* kind;  // as it was recognised: while the guest runs, it may look otherwise a moment later
    ObjectEnds ends;
  };
  const OpenFiles open_;
  context::Writer* const writer_;
  std::map<ObjectIdentity, Object> objects_;
  std::map<std::int32_t, MemberDescriptor> saved_by_others_;
};

Description Capturing::describe(const OpenFile& file) {
  const DescriptorKind& kind = kind_of(file);
  Description result;
  result.kind = kind.number;
  result.detail = kind.describe(file, open_);
  if (kind.object != nullptr) {
    EndDetail end{kind.object->identify(file), std::move(result.detail)};
    result.detail = encode(end);
    Object& object = objects_.try_emplace(end.object, Object{&kind, {}}).first->second;
    object.ends.push_back(&file);
  }
  result.path = portable_path(file.path, shortened(file.path) + at(file));
  result.flags = static_cast<std::uint32_t>(file.flags);
  if (kind.inheritable) result.standard = file.standard;
  if (kind.check != nullptr) kind.check(result);  // what a restart would refuse is refused now
  if ((file.flags & O_PATH) == 0) describe_owner(file, result);
  return result;
}

void Capturing::save_objects() {
  for (const auto& [identity, object] : objects_) {
    const DescriptorKind& kind = *object.kind;
    const GroupSharing* sharing = group_sharing();
    const MemberFile* file =
        sharing != nullptr && !kind.object->in_parts ? sharing->file(identity.device, identity.inode) : nullptr;
    if (file != nullptr && file->owner != getpid()) {
      shared.objects.push_back({kind.number, identity, file->owner, {}});
    } else {
      shared.objects.push_back({kind.number, identity, getpid(), kind.object->save(object.ends, open_, writer_)});
    }
  }
}

// What stands for it at 0, 1 and 2 of the new process is there for all; of a file without a path one process says what
// it was.
void Capturing::add(const OpenFile& file, std::uint32_t index) {
  const FoundLocks locks = locks_of(file, index);
  record_locks.insert(record_locks.end(), locks.of_process.begin(), locks.of_process.end());
  if (!locks.of_process.empty()) locked_files.insert(identity_of(file));
  const auto elsewhere = saved_by_others_.find(file.fd);
  if (elsewhere != saved_by_others_.end() && (file.standard < 0 || kind_of(file).object != nullptr)) {
    files.descriptions.push_back(describe_elsewhere(file, elsewhere->second));
    return;
  }
  files.descriptions.push_back(describe(file));
  shared.locks.insert(shared.locks.end(), locks.of_description.begin(), locks.of_description.end());
}

void Capturing::run() {
  for (std::size_t i = 0; i < open_.files().size(); ++i) {
    const OpenFile& file = open_.files()[i];
    const std::uint32_t index = open_.description_of(i);
    if (index == files.descriptions.size()) add(file, index);
    const long descriptor_flags = raw_syscall(SYS_fcntl, file.fd, F_GETFD);
    files.descriptors.push_back({file.fd, index, (descriptor_flags & FD_CLOEXEC) != 0});
  }
  save_objects();
}

}  // namespace

std::string at(const OpenFile& file) { return " at descriptor " + std::to_string(file.fd); }

ObjectIdentity identity_of(const OpenFile& file) { return {file.status.st_dev, file.status.st_ino}; }

ObjectIdentity identity_of_both(const OpenFile& file, std::uint64_t peer) {
  const std::uint64_t own = file.status.st_ino;
  return {file.status.st_dev, peer == 0 ? own : std::min(own, peer)};
}

void descriptors_obstacle(const cairn_guest& /*guest*/) {
  Capturing capturing(nullptr);
  capturing.run();
  check_room_for_restart(capturing.files.descriptors.size());
}

std::vector<std::uint8_t> capture_descriptors(Capture& capture) {
  Capturing capturing(capture.writer);
  capturing.run();
  capture.shared = std::move(capturing.shared);
  capture.record_locks = std::move(capturing.record_locks);
  capture.locked_files = std::move(capturing.locked_files);
  return encode(capturing.files);
}

}  // namespace cairn::state
