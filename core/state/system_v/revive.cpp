// SPDX-License-Identifier: Apache-2.0
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "core/abi/system_v.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/state/system_v/kind.hpp"
#include "core/state/system_v/memory.hpp"

namespace cairn::state {
namespace {

class SystemVReviver : public Reviver {
 public:
  explicit SystemVReviver(Restart& restart) : restart_(restart), state_(restart.image.get<SystemVState>()) {}
  void restore(Stage stage) override {
    if (stage == Stage::open) find_objects();
    if (stage == Stage::guest) tell_numbers();
    if (stage == Stage::locks) undo_again();
    if (stage == Stage::go) end();
  }

 private:
  void find_objects();
  void tell_numbers() const;
  void tell_numbers_handed_on(cairn_system_v& table) const;
  void tell_number(cairn_system_v& table, const SystemVObject& object) const;
  void undo_again() const;
  void end() const;
  int number_of(const SystemVObject& object) const { return restart_.system_v.at(object.name); }

  Restart& restart_;
  const SystemVState& state_;
};

// With others, they have been made for all.
void SystemVReviver::find_objects() {
  for (const auto& given : restart_.options.given_system_v) restart_.system_v[{given.kind, given.saved}] = given.now;
  const Image* const image = &restart_.image;
  if (!restart_.options.together) restart_.system_v = make_system_v({&image, 1});
  for (const SystemVObject& object : state_.objects) {
    if (!restart_.system_v.contains(object.name))
      throw EnvironmentError(image->reader().name() + ": " + described(object.name.kind, object.id) +
                             " has not been made");
  }
}

// The program goes on with the numbers that it knows.
void SystemVReviver::tell_numbers() const {
  cairn_guest& guest = *restart_.guest;
  if (guest.size < sizeof guest) {
    if (!state_.objects.empty()) restart_.image.contradiction("its libcr knows no System V objects");
    return;
  }
  tell_numbers_handed_on(guest.system_v);
  for (const SystemVObject& object : state_.objects) tell_number(guest.system_v, object);
  // Their values have been set just now.
  for (cairn_semaphore_undo& undo : guest.system_v.undos)
    undo.since = std::max<std::int64_t>(undo.since, time(nullptr));
}

// Those of objects that others of the tree have: the program has not used them yet, and they are in no section.
void SystemVReviver::tell_numbers_handed_on(cairn_system_v& table) const {
  for (std::uint32_t i = 0; i < std::min<std::uint32_t>(table.used, CAIRN_SYSTEM_V_OBJECTS); ++i) {
    cairn_system_v_object& known = table.objects[i];
    if (known.kind == CAIRN_SYSTEM_V_NONE || (known.made & system_v_handed_on) == 0) continue;
    const auto now = restart_.system_v.find({known.kind, known.now});
    if (now != restart_.system_v.end()) known.now = now->second;
  }
}

void SystemVReviver::tell_number(cairn_system_v& table, const SystemVObject& object) const {
  const int now = number_of(object);
  if (now != object.id) table.changed = 1;
  cairn_system_v_object* place = nullptr;
  table.used = std::min<std::uint32_t>(table.used, CAIRN_SYSTEM_V_OBJECTS);
  for (std::uint32_t i = 0; i < table.used; ++i) {
    cairn_system_v_object& known = table.objects[i];
    if (known.kind == object.name.kind && known.id == object.id) {
      known.now = now;
      return;
    }
    if (known.kind == CAIRN_SYSTEM_V_NONE && place == nullptr) place = &known;
  }
  if (now == object.id) return;
  if (place == nullptr && table.used < CAIRN_SYSTEM_V_OBJECTS) place = &table.objects[table.used++];
  if (place == nullptr)
    throw EnvironmentError("there is no room for the new number of " + described(object.name.kind, object.id));
  *place = {object.name.kind, object.id, now, 0};
}

// On the thread from which all of the process's are made: they have one list of what is to be undone. What the kernel
// has undone when the process ended is done again, where the values are not those of the checkpoint anyway.
void SystemVReviver::undo_again() const {
  for (const SemaphoreUndo& undo : state_.undos) {
    const auto set = std::find_if(state_.objects.begin(), state_.objects.end(), [&](const SystemVObject& object) {
      return object.name == SystemVName{CAIRN_SYSTEM_V_SEMAPHORES, undo.set};
    });
    const short down = static_cast<short>(-undo.adjust);
    const sembuf undone{undo.number, down, SEM_UNDO | IPC_NOWAIT}, first{undo.number, undo.adjust, IPC_NOWAIT};
    std::array<sembuf, 2> operations{first, undone};
    if (undo.adjust < 0) operations = {undone, first};
    const bool own = set->own;
    std::array<sembuf, 1> again{undone};
    const int failed = own ? semop(number_of(*set), operations.data(), operations.size())
                           : semop(number_of(*set), again.data(), again.size());
    if (failed == 0) continue;
    const std::string name = described(CAIRN_SYSTEM_V_SEMAPHORES, set->id);
    if (errno == EAGAIN)
      throw EnvironmentError(name + ": what the program had of semaphore " + std::to_string(undo.number) +
                             " (SEM_UNDO) somebody else has now");
    throw EnvironmentError(with_errno(name + ": what is to be undone (SEM_UNDO) cannot be set", errno));
  }
}

// All of those that are restarted together have attached it.
void SystemVReviver::end() const {
  for (const SystemVObject& object : state_.objects) {
    if (object.name.kind != CAIRN_SYSTEM_V_MEMORY || !object.own) continue;
    const int number = number_of(object);
    shmid_ds segment{};
    if (shmctl(number, IPC_STAT, &segment) != 0) continue;
    segment.shm_perm.mode = static_cast<decltype(segment.shm_perm.mode)>(object.mode);
    shmctl(number, IPC_SET, &segment);
    if (object.locked) shmctl(number, SHM_LOCK, nullptr);
    if (object.removed) shmctl(number, IPC_RMID, nullptr);
  }
}

}  // namespace

void check_system_v(const Image& image) {
  const auto& state = image.get<SystemVState>();
  std::set<SystemVName> names;
  for (const SystemVObject& object : state.objects) {
    const bool semaphores = object.name.kind == CAIRN_SYSTEM_V_SEMAPHORES;
    const bool stored =
        object.content == SystemVObject::no_content || (object.content < image.reader().objects().size() &&
                                                        image.reader().objects()[object.content].size == object.size);
    const bool sound = object.name.kind >= CAIRN_SYSTEM_V_MEMORY && object.name.kind <= CAIRN_SYSTEM_V_QUEUE &&
                       object.name.number >= 0 && object.id >= 0 && (object.mode & ~0777u) == 0 &&
                       object.size <= static_cast<std::uint64_t>(INT64_MAX) && stored &&
                       (!semaphores || (object.size <= 0xffff && object.values.size() == object.size));
    if (!sound || !names.insert(object.name).second)
      image.contradiction(described(object.name.kind, object.id) + " makes no sense");
  }
  for (const SemaphoreUndo& undo : state.undos) {
    if (!names.contains({CAIRN_SYSTEM_V_SEMAPHORES, undo.set}) || undo.adjust == INT16_MIN)
      image.contradiction("what System V semaphores " + std::to_string(undo.set) + " have to undo makes no sense");
  }
  for (const context::StoredArea& stored : image.reader().areas()) {
    if (is_system_v(stored.area) && !names.contains(name_of_memory(stored.area.inode)))
      image.contradiction("System V shared memory " + std::to_string(stored.area.inode) + " is missing");
  }
}

std::unique_ptr<Reviver> prepare_system_v(Restart& restart) { return std::make_unique<SystemVReviver>(restart); }

}  // namespace cairn::state
