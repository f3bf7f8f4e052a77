// SPDX-License-Identifier: Apache-2.0
// System V objects at a restart, by whoever starts the processes that have them. The rule is docs/limits.md's.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "core/base/read_at.hpp"
#include "core/base/unique_fd.hpp"
#include "core/context/reader.hpp"
#include "core/state/made.hpp"
#include "core/state/system_v/kind.hpp"
#include "core/state/system_v/memory.hpp"

namespace cairn::state {
namespace {

// What there is under a number now.
struct Found {
  bool exists = false;
  std::int32_t key = 0;
  std::uint32_t creator = 0;
  std::uint64_t size = 0;
  std::string user;  // who uses it, "process 4711"; empty: nobody, as far as the kernel tells
};

std::string living(pid_t pid) {
  if (pid <= 0 || pid == getpid()) return {};
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status").value_or("");
  const std::string_view state = field(status, "State");
  return state.empty() || state[0] == 'Z' || state[0] == 'X' ? "" : "process " + std::to_string(pid);
}

Found look_at(const SystemVName& name) {
  Found found;
  ipc_perm rights{};
  if (name.kind == CAIRN_SYSTEM_V_MEMORY) {
    shmid_ds segment{};
    found.exists = shmctl(name.number, IPC_STAT, &segment) == 0;
    rights = segment.shm_perm;
    found.size = segment.shm_segsz;
    if (segment.shm_nattch != 0) found.user = std::to_string(segment.shm_nattch) + " mappings of other processes";
  } else if (name.kind == CAIRN_SYSTEM_V_SEMAPHORES) {
    semid_ds set{};
    found.exists = semctl(name.number, 0, IPC_STAT, &set) == 0;
    rights = set.sem_perm;
    found.size = set.sem_nsems;
    for (int i = 0; found.exists && found.user.empty() && i < static_cast<int>(set.sem_nsems); ++i)
      found.user = living(semctl(name.number, i, GETPID));
  } else {
    msqid_ds queue{};
    found.exists = msgctl(name.number, IPC_STAT, &queue) == 0;
    rights = queue.msg_perm;
    found.user = living(queue.msg_lspid);
    if (found.user.empty()) found.user = living(queue.msg_lrpid);
  }
  found.exists = found.exists || errno == EACCES;
  found.key = rights.__key;
  found.creator = rights.cuid;
  return found;
}

int get(const SystemVObject& object) {
  const int flags = IPC_CREAT | IPC_EXCL | static_cast<int>(object.mode | 0600);
  if (object.name.kind == CAIRN_SYSTEM_V_MEMORY) return shmget(object.key, object.size, flags);
  if (object.name.kind == CAIRN_SYSTEM_V_QUEUE) return msgget(object.key, flags);
  return semget(object.key, static_cast<int>(object.size), flags);
}

void remove(std::uint32_t kind, int number) {
  if (kind == CAIRN_SYSTEM_V_MEMORY) shmctl(number, IPC_RMID, nullptr);
  if (kind == CAIRN_SYSTEM_V_SEMAPHORES) semctl(number, 0, IPC_RMID);
  if (kind == CAIRN_SYSTEM_V_QUEUE) msgctl(number, IPC_RMID, nullptr);
}

// The next one to be made has that number, if this user may say so. A private namespace would be where everybody may.
void choose_number(const SystemVObject& object) {
  constexpr std::array<const char*, 4> kNext{"", "shm_next_id", "sem_next_id", "msg_next_id"};
  const UniqueFd next(open(("/proc/sys/kernel/" + std::string(kNext[object.name.kind])).c_str(), O_WRONLY | O_CLOEXEC));
  const std::string number = std::to_string(object.id);
  if (next) static_cast<void>(write(next.get(), number.data(), number.size()) < 0);
}

// Owner, and of a queue how much it takes.
void set_rights(const SystemVObject& object, int number) {
  int failed = 0;
  if (object.name.kind == CAIRN_SYSTEM_V_MEMORY) {
    shmid_ds segment{};
    shmctl(number, IPC_STAT, &segment);
    segment.shm_perm.uid = object.user;
    segment.shm_perm.gid = object.group;
    failed = shmctl(number, IPC_SET, &segment);
  } else if (object.name.kind == CAIRN_SYSTEM_V_SEMAPHORES) {
    semid_ds set{};
    semctl(number, 0, IPC_STAT, &set);
    set.sem_perm.uid = object.user;
    set.sem_perm.gid = object.group;
    set.sem_perm.mode = static_cast<decltype(set.sem_perm.mode)>(object.mode);
    failed = semctl(number, 0, IPC_SET, &set);
  } else {
    msqid_ds queue{};
    msgctl(number, IPC_STAT, &queue);
    queue.msg_perm.uid = object.user;
    queue.msg_perm.gid = object.group;
    queue.msg_perm.mode = static_cast<decltype(queue.msg_perm.mode)>(object.mode);
    queue.msg_qbytes = object.size;
    failed = msgctl(number, IPC_SET, &queue);
  }
  if (failed != 0)
    throw EnvironmentError(with_errno(described(object.name.kind, object.id) + " cannot be set as it was", errno));
}

class Maker {
 public:
  Maker(const SystemVObject& object, const Image& image) : object_(object), image_(image) {}
  // The kernel's number of now.
  std::int32_t make() const;

 private:
  std::string text() const {
    const bool has_key = object_.key != IPC_PRIVATE;
    char key[32] = "";
    if (has_key) std::snprintf(key, sizeof key, " (key 0x%08x)", static_cast<unsigned>(object_.key));
    return described(object_.name.kind, object_.id) + key;
  }
  std::int32_t refer() const;
  void fill(std::int32_t number) const;
  void fill_memory(std::int32_t number) const;
  void fill_queue(std::int32_t number) const;

  const SystemVObject& object_;
  const Image& image_;
};

bool is_same(const SystemVObject& object, const Found& found) {
  const bool sized = object.name.kind != CAIRN_SYSTEM_V_QUEUE;
  return found.exists && found.key == object.key && found.creator == object.creator &&
         (!sized || found.size == object.size);
}

// Somebody else's: it has to be there.
std::int32_t Maker::refer() const {
  for (const std::int32_t number : {object_.name.number, object_.id}) {
    if (is_same(object_, look_at({object_.name.kind, number}))) return number;
  }
  throw EnvironmentError(text() + ", which the program uses and has not made, is not there");
}

std::int32_t Maker::make() const {
  if (!object_.own) return refer();
  for (const std::int32_t number : {object_.id, object_.name.number}) {
    const Found found = look_at({object_.name.kind, number});
    if (!is_same(object_, found)) continue;
    if (found.user.empty()) {
      fill(number);
      return number;
    }
    if (object_.key != IPC_PRIVATE)
      throw EnvironmentError(text() + ", which the program has made, is used by " + found.user + " now");
  }
  if (!look_at({object_.name.kind, object_.id}).exists) choose_number(object_);
  const int number = get(object_);
  if (number < 0 && errno == EEXIST)
    throw EnvironmentError(text() +
                           ", which the program has made, cannot be made again: somebody else has made another "
                           "one with that key");
  if (number < 0) throw EnvironmentError(with_errno(text() + " cannot be made again", errno));
  note_made([kind = object_.name.kind, number] { remove(kind, number); });
  fill(number);
  return number;
}

// Where it has been before, its pages are given back: those that were empty are in no file.
void Maker::fill_memory(std::int32_t number) const {
  const AttachedSegment segment(number, true);
  if (madvise(segment.bytes(), segment.size(), MADV_REMOVE) != 0) std::memset(segment.bytes(), 0, segment.size());
  if (object_.content == SystemVObject::no_content) return;
  const UniqueFd copy(memfd_create("cairn-system-v", MFD_CLOEXEC));
  if (!copy) throw EnvironmentError(with_errno("memory for " + text(), errno));
  image_.reader().copy_object(object_.content, copy.get(), text());
  if (read_at(copy.get(), segment.bytes(), segment.size(), 0) != segment.size())
    throw EnvironmentError("the content of " + text() + " is not whole");
}

void Maker::fill_queue(std::int32_t number) const {
  std::vector<std::uint64_t> room(2);
  while (msgrcv(number, room.data(), 0, 0, IPC_NOWAIT | MSG_NOERROR) >= 0) {
  }
  for (const SystemVMessage& message : object_.messages) {
    room.assign(message.text.size() / sizeof(std::uint64_t) + 2, 0);
    room[0] = static_cast<std::uint64_t>(message.type);
    if (!message.text.empty()) std::memcpy(room.data() + 1, message.text.data(), message.text.size());
    if (msgsnd(number, room.data(), message.text.size(), IPC_NOWAIT) != 0)
      throw EnvironmentError(with_errno("a message of " + text() + " cannot be sent again", errno));
  }
}

void Maker::fill(std::int32_t number) const {
  if (object_.name.kind == CAIRN_SYSTEM_V_MEMORY) fill_memory(number);
  set_rights(object_, number);
  if (object_.name.kind == CAIRN_SYSTEM_V_QUEUE) fill_queue(number);
  if (object_.name.kind != CAIRN_SYSTEM_V_SEMAPHORES) return;
  std::vector<std::uint16_t> values = object_.values;
  if (semctl(number, 0, SETALL, values.data()) != 0)
    throw EnvironmentError(with_errno("the values of " + text() + " cannot be set", errno));
}

}  // namespace

std::map<SystemVName, std::int32_t> make_system_v(std::span<const Image* const> images) {
  struct Part {
    SystemVObject object;
    const Image* image;
  };
  std::map<SystemVName, Part> parts;
  for (const Image* image : images) {
    if (image == nullptr) continue;
    for (const SystemVObject& object : image->get<SystemVState>().objects) {
      Part& part = parts.try_emplace(object.name, Part{object, image}).first->second;
      const bool own = part.object.own || object.own;
      // Whoever has made it has saved all of it.
      const bool more = object.own && (!part.object.own || part.object.content == SystemVObject::no_content);
      if (more) part = {object, image};
      part.object.own = own;
    }
  }
  std::map<SystemVName, std::int32_t> made;
  for (const auto& [name, part] : parts) made[name] = Maker(part.object, *part.image).make();
  return made;
}

}  // namespace cairn::state
