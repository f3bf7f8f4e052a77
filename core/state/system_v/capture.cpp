// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <ucontext.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>

#include "core/abi/system_v.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/unique_fd.hpp"
#include "core/base/write_all.hpp"
#include "core/context/writer.hpp"
#include "core/state/system_v/kind.hpp"
#include "core/state/system_v/memory.hpp"

namespace cairn::state {
namespace {

std::string text_of(const SystemVObject& object) { return described(object.name.kind, object.id); }

// False if it is gone: the program finds that as well.
bool can_be_asked(const SystemVObject& object, int result) {
  if (result >= 0) return true;
  if (errno == EINVAL || errno == EIDRM) return false;
  throw TemporaryError(with_errno(text_of(object) + " cannot be saved", errno));
}

void take_rights(SystemVObject& object, const ipc_perm& rights) {
  object.key = rights.__key;
  object.mode = rights.mode & 0777;
  object.user = rights.uid;
  object.group = rights.gid;
  object.creator = rights.cuid;
}

bool look_at_memory(SystemVObject& object) {
  shmid_ds segment{};
  if (!can_be_asked(object, shmctl(object.name.number, IPC_STAT, &segment))) return false;
  take_rights(object, segment.shm_perm);
  object.removed = (segment.shm_perm.mode & SHM_DEST) != 0;
  object.locked = (segment.shm_perm.mode & SHM_LOCKED) != 0;
  object.size = segment.shm_segsz;
  return true;
}

bool look_at_semaphores(SystemVObject& object, std::int64_t& changed) {
  semid_ds set{};
  if (!can_be_asked(object, semctl(object.name.number, 0, IPC_STAT, &set))) return false;
  take_rights(object, set.sem_perm);
  object.size = set.sem_nsems;
  object.values.resize(set.sem_nsems);
  changed = set.sem_ctime;
  return can_be_asked(object, semctl(object.name.number, 0, GETALL, object.values.data()));
}

// A copy of each: they stay where they are.
bool look_at_queue(SystemVObject& object) {
  msqid_ds queue{};
  if (!can_be_asked(object, msgctl(object.name.number, IPC_STAT, &queue))) return false;
  take_rights(object, queue.msg_perm);
  object.size = queue.msg_qbytes;
  std::vector<std::uint64_t> room(queue.__msg_cbytes / sizeof(std::uint64_t) + 2);
  for (long i = 0; object.own && i < static_cast<long>(queue.msg_qnum); ++i) {
    const ssize_t n = msgrcv(object.name.number, room.data(), queue.__msg_cbytes, i, MSG_COPY | IPC_NOWAIT);
    if (n < 0) throw TemporaryError(with_errno("the messages in " + text_of(object) + " cannot be looked at", errno));
    const auto* text = reinterpret_cast<const std::uint8_t*>(room.data() + 1);
    object.messages.push_back({static_cast<std::int64_t>(room[0]), {text, text + n}});
  }
  return true;
}

class Look {
 public:
  Look(const cairn_guest& guest, Capture* capture) : guest_(guest), table_(guest.system_v), capture_(capture) {}
  SystemVState find();

 private:
  void add(SystemVName name, int id, bool own);
  void add_undo(std::int32_t id, std::uint16_t number, int adjust, std::int64_t since);
  void add_call(const cairn_semaphore_call& call);
  void save_content(SystemVObject& object) const;
  bool is_among_areas(const SystemVObject& object) const;
  const SystemVObject* set_of(std::int32_t id) const;

  const cairn_guest& guest_;
  const cairn_system_v& table_;
  Capture* const capture_;
  SystemVState state_;
  std::set<SystemVName> shown_;                   // memory that areas show
  std::map<std::int32_t, std::int64_t> changed_;  // sets: when their values were last set
};

// What the areas show, all of them together, without gaps.
bool Look::is_among_areas(const SystemVObject& object) const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
  for (const Area& area : capture_->areas) {
    if (is_system_v(area) && name_of_memory(area.inode) == object.name)
      parts.emplace_back(area.file_offset, area.file_offset + (area.end - area.start));
  }
  std::sort(parts.begin(), parts.end());
  std::uint64_t at = 0;
  for (const auto& [begin, end] : parts) at = begin <= at ? std::max(at, end) : at;
  return at >= object.size;
}

void Look::save_content(SystemVObject& object) const {
  const AttachedSegment segment(object.name.number, false);
  UniqueFd copy(memfd_create("cairn-system-v", MFD_CLOEXEC));
  if (!copy) throw EnvironmentError(with_errno("memory for " + text_of(object), errno));
  write_all(copy.get(), segment.bytes(), segment.size(), text_of(object));
  object.content = capture_->writer->store_file(std::move(copy), "/" + text_of(object));
}

void Look::add(SystemVName name, int id, bool own) {
  SystemVObject object;
  object.name = name;
  object.id = id;
  object.own = own;
  std::int64_t changed = 0;
  const bool there = name.kind == CAIRN_SYSTEM_V_MEMORY       ? look_at_memory(object)
                     : name.kind == CAIRN_SYSTEM_V_SEMAPHORES ? look_at_semaphores(object, changed)
                                                              : look_at_queue(object);
  if (!there) return;
  if (name.kind == CAIRN_SYSTEM_V_SEMAPHORES) changed_[name.number] = changed;
  if (capture_ != nullptr && name.kind == CAIRN_SYSTEM_V_MEMORY && own && !is_among_areas(object)) save_content(object);
  state_.objects.push_back(std::move(object));
}

const SystemVObject* Look::set_of(std::int32_t id) const {
  const auto found = std::find_if(state_.objects.begin(), state_.objects.end(), [=](const SystemVObject& object) {
    return object.name.kind == CAIRN_SYSTEM_V_SEMAPHORES && object.id == id;
  });
  return found != state_.objects.end() ? &*found : nullptr;
}

// When anybody sets a semaphore, the kernel forgets what is to be undone, in all processes.
void Look::add_undo(std::int32_t id, std::uint16_t number, int adjust, std::int64_t since) {
  const SystemVObject* const set = set_of(id);
  if (set == nullptr || adjust == 0) return;
  if (changed_[set->name.number] > since)
    throw TemporaryError(text_of(*set) +
                         " has been set (semctl SETVAL) while there was something to undo (SEM_UNDO): "
                         "what is left of that cannot be told");
  for (SemaphoreUndo& known : state_.undos) {
    if (known.set != set->name.number || known.number != number) continue;
    known.adjust = static_cast<std::int16_t>(known.adjust + adjust);
    return;
  }
  state_.undos.push_back({set->name.number, number, static_cast<std::int16_t>(adjust)});
}

// One that was stopped on its way back from the kernel has its result in a register.
void Look::add_call(const cairn_semaphore_call& call) {
  std::int64_t result = call.result;
  for (std::uint32_t i = 0; i < guest_.threads_max; ++i) {
    const cairn_thread& thread = guest_.threads[i];
    if (thread.tid != call.tid || load(thread.state) != CAIRN_THREAD_STOPPED) continue;
    const auto& registers = reinterpret_cast<const ucontext_t*>(thread.frame)->uc_mcontext.gregs;
    if (static_cast<std::uint64_t>(registers[REG_RIP]) == table_.after_call) result = registers[REG_RAX];
  }
  const auto* operations = reinterpret_cast<const sembuf*>(call.operations);
  for (std::uint32_t i = 0; result == 0 && i < call.count; ++i) {
    if ((operations[i].sem_flg & SEM_UNDO) != 0)
      add_undo(call.id, operations[i].sem_num, -operations[i].sem_op, INT64_MAX);
  }
}

SystemVState Look::find() {
  if (load(table_.overflow) != 0)
    throw TemporaryError("it has more System V objects, or more to undo (SEM_UNDO), than can be noted");
  std::set<SystemVName> known;
  if (capture_ != nullptr) {
    for (const Area& area : capture_->areas) {
      if (is_system_v(area)) shown_.insert(name_of_memory(area.inode));
    }
  }
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(load(table_.used), CAIRN_SYSTEM_V_OBJECTS); ++i) {
    const cairn_system_v_object& object = table_.objects[i];
    const std::uint32_t kind = load(object.kind);
    if (kind == CAIRN_SYSTEM_V_NONE) continue;
    const SystemVName name{kind, object.now};
    if ((object.made & system_v_handed_on) != 0 && !shown_.contains(name)) continue;
    known.insert(name);
    add(name, object.id, (object.made & system_v_made) != 0 || shown_.contains(name));
  }
  for (const SystemVName& name : shown_) {
    if (!known.contains(name)) add(name, name.number, true);
  }
  if (capture_ == nullptr) return std::move(state_);
  for (const cairn_semaphore_undo& undo : table_.undos) add_undo(undo.id, undo.number, undo.adjust, undo.since);
  for (const cairn_semaphore_call& call : table_.calls) {
    if (load(call.tid) != 0) add_call(call);
  }
  return std::move(state_);
}

bool has_table(const cairn_guest& guest) {
  return guest.size >= offsetof(cairn_guest, system_v) + sizeof guest.system_v;
}

}  // namespace

std::string described(std::uint32_t kind, std::int32_t number) {
  const char* const names[] = {"object", "shared memory", "semaphores", "message queue"};
  return std::string("System V ") + names[kind <= CAIRN_SYSTEM_V_QUEUE ? kind : 0] + " " + std::to_string(number);
}

void system_v_obstacle(const cairn_guest& guest) {
  if (has_table(guest)) Look(guest, nullptr).find();
}

std::vector<std::uint8_t> capture_system_v(Capture& capture) {
  const bool shown = std::any_of(capture.areas.begin(), capture.areas.end(), is_system_v);
  if (!has_table(capture.guest)) {
    if (shown)
      throw TemporaryError("System V shared memory cannot be saved with the libcr that the program began with");
    return {};
  }
  SystemVState state = Look(capture.guest, &capture).find();
  if (state.objects.empty()) return {};
  return encode(state);
}

}  // namespace cairn::state
