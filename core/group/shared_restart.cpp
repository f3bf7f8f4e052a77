// SPDX-License-Identifier: Apache-2.0
#include "core/group/shared_restart.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>

#include "core/base/error.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kinds/elsewhere.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/files/kind.hpp"
#include "core/state/kind.hpp"
#include "core/state/memory/kind.hpp"
#include "core/state/process/state.hpp"
#include "core/state/system_v/kind.hpp"

namespace cairn::group {
namespace {

using state::Description;
using state::FilesState;
using state::ObjectIdentity;
using state::SharedObject;
using state::SharedObjects;

// A description of one of the files.
struct Where {
  std::size_t process = 0;
  std::uint32_t description = 0;
  auto operator<=>(const Where&) const = default;
};

}  // namespace

class SharedRestart::Maker {
 public:
  Maker(SharedRestart& result, std::span<const state::Image* const> images, const restart::Options& options,
        std::span<const std::pair<int, UniqueFd>> standard)
      : result_(result), images_(images), options_(options), standard_(standard) {}
  void run();

 private:
  struct Object {
    std::vector<Where> ends;  // as they are described, by whoever has saved them
    std::vector<std::pair<std::size_t, const SharedObject*>> parts;
    bool shared = false;
  };

  void index();
  Where owner_of(std::size_t process, const Description& description) const;
  void find_shared_descriptions();
  void find_shared_objects();
  void make_object(const ObjectIdentity& identity);
  void leave_for_last(std::vector<Holders> ends, std::function<std::vector<UniqueFd>(const restart::Options&)> make);
  Holders holders_of(const Where& where) const;
  void settle_files();
  void make_alone(const Where& where);
  void make_memory();
  void give(const Where& where, UniqueFd made);
  int keep(UniqueFd made) { return result_.keep(std::move(made)); }
  UniqueFd standing_at(int number) const;
  const FilesState& files(std::size_t process) const { return images_[process]->get<FilesState>(); }
  const Description& at(const Where& where) const { return files(where.process).descriptions[where.description]; }
  Description relocated(const Description& description) const {
    Description here = description;
    here.path = restart::relocated(options_, here.path);
    return here;
  }
  [[noreturn]] void contradiction(std::size_t process, const std::string& what) const {
    images_[process]->contradiction(what);
  }

  SharedRestart& result_;
  const std::span<const state::Image* const> images_;
  const restart::Options& options_;
  const std::span<const std::pair<int, UniqueFd>> standard_;
  std::map<std::int32_t, std::size_t> process_of_;  // by number
  std::map<Where, std::vector<Where>> others_;      // of shared descriptions: the owner's, and who else has it
  std::map<ObjectIdentity, Object> objects_;
  std::map<ObjectIdentity, int> nameless_;
};

void SharedRestart::Maker::index() {
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] != nullptr) process_of_[images_[i]->get<state::ProcessState>().pid] = i;
  }
}

// Who has saved it may not have it as another's again.
Where SharedRestart::Maker::owner_of(std::size_t process, const Description& description) const {
  const auto place = state::detail_of<state::MemberDescriptor>(description);
  const auto owner = process_of_.find(place.pid);
  if (owner == process_of_.end()) contradiction(process, "what it shares is in no file of the group");
  const auto& descriptors = files(owner->second).descriptors;
  const auto found = std::find_if(descriptors.begin(), descriptors.end(),
                                  [&](const state::Descriptor& d) { return d.number == place.number; });
  if (found == descriptors.end() ||
      files(owner->second).descriptions[found->description].kind == state::elsewhere_number)
    contradiction(process, "what it shares with process " + std::to_string(place.pid) + " is not in that one's file");
  return {owner->second, found->description};
}

void SharedRestart::Maker::find_shared_descriptions() {
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr) continue;
    const auto& descriptions = files(i).descriptions;
    for (std::uint32_t d = 0; d < descriptions.size(); ++d) {
      if (descriptions[d].kind == state::elsewhere_number) others_[owner_of(i, descriptions[d])].push_back({i, d});
    }
  }
}

// Those with an end that several have, those of which several have saved something, and files that others show in their
// memory.
void SharedRestart::Maker::find_shared_objects() {
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr) continue;
    for (const SharedObject& object : images_[i]->get<SharedObjects>().objects) {
      Object& known = objects_[object.identity];
      const state::DescriptorKind& kind = *state::find_descriptor_kind(object.kind);
      known.shared = known.shared || !known.parts.empty() || kind.object->made_first || kind.object->made_last;
      known.parts.emplace_back(i, &object);
      for (std::uint32_t d = 0; d < files(i).descriptions.size(); ++d) {
        if (!is_end_of(files(i).descriptions[d], object)) continue;
        known.ends.push_back({i, d});
        // What stands at 0, 1 and 2 is the same for all, and chosen here.
        known.shared = known.shared || others_.count({i, d}) != 0 || files(i).descriptions[d].standard >= 0;
      }
    }
  }
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr) continue;
    for (const context::StoredArea& stored : images_[i]->reader().areas()) {
      if (!state::is_nameless_memory(stored.area)) continue;
      const auto known = objects_.find({stored.area.device, stored.area.inode});
      if (known != objects_.end() && known->second.parts.front().first != i) known->second.shared = true;
    }
  }
}

// 0, 1 and 2 are what they are for the first process.
UniqueFd SharedRestart::Maker::standing_at(int number) const {
  const auto opened =
      std::find_if(standard_.begin(), standard_.end(), [=](const auto& file) { return file.first == number; });
  return UniqueFd(fcntl(opened != standard_.end() ? opened->second.get() : number, F_DUPFD_CLOEXEC, 0));
}

// Its owner takes what stands at 0, 1 and 2 by itself.
void SharedRestart::Maker::give(const Where& where, UniqueFd made) {
  const int standard = at(where).standard;
  const bool replaced = standard >= 0 && state::takes_new_standard(standard, options_.stdio);
  const int fd = keep(replaced ? standing_at(standard) : std::move(made));
  if (!replaced) result_.given_[where.process].descriptions.emplace_back(where.description, fd);
  const auto others = others_.find(where);
  if (others == others_.end()) return;
  for (const Where& other : others->second)
    result_.given_[other.process].descriptions.emplace_back(other.description, fd);
}

void SharedRestart::Maker::make_object(const ObjectIdentity& identity) {
  const Object& object = objects_.at(identity);
  std::vector<state::ObjectPart> parts;
  for (const auto& [process, part] : object.parts) {
    if (!is_saved_elsewhere(*part, images_[process]->get<state::ProcessState>().pid))
      parts.push_back({*part, *images_[process]});
  }
  const std::uint32_t kind = object.parts.front().second->kind;
  const bool mixed = std::any_of(object.parts.begin(), object.parts.end(),
                                 [=](const auto& part) { return part.second->kind != kind; });
  if (parts.empty() || mixed) contradiction(object.parts.front().first, "what its processes share is in no file");
  const state::ObjectKind& made_by = *state::find_descriptor_kind(kind)->object;
  std::vector<Description> described;
  for (const Where& end : object.ends) described.push_back(relocated(at(end)));
  const auto make = [parts, described, &made_by](state::Making& making) {
    std::vector<const Description*> ends;
    for (const Description& description : described) ends.push_back(&description);
    return made_by.make(parts, ends, making);
  };
  if (made_by.made_last) {
    std::vector<Holders> ends;
    for (const Where& end : object.ends) ends.push_back(holders_of(end));
    leave_for_last(std::move(ends), [make](const restart::Options& options) {
      std::vector<std::string> notes;
      std::map<ObjectIdentity, int> nameless;
      std::vector<state::SessionTerminal> terminals;  // which are made earlier
      state::Making making{options, notes, nameless, terminals};
      return make(making);
    });
    return;
  }
  state::Making making{options_, result_.notes_, nameless_, result_.terminals_};
  std::vector<UniqueFd> made = make(making);
  for (std::size_t i = 0; i < made.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      const bool same = object.ends[before].process == object.ends[i].process &&
                        state::is_same_standard(at(object.ends[before]), at(object.ends[i]));
      if (same) made[i].reset(fcntl(made[before].get(), F_DUPFD_CLOEXEC, 0));
    }
  }
  for (std::size_t i = 0; i < made.size(); ++i) give(object.ends[i], std::move(made[i]));
}

SharedRestart::Holders SharedRestart::Maker::holders_of(const Where& where) const {
  Holders holders{{where.process, where.description}};
  if (const auto others = others_.find(where); others != others_.end()) {
    for (const Where& other : others->second) holders.emplace_back(other.process, other.description);
  }
  return holders;
}

void SharedRestart::Maker::leave_for_last(std::vector<Holders> ends,
                                          std::function<std::vector<UniqueFd>(const restart::Options&)> make) {
  const std::size_t maker = ends.front().front().first;
  for (const Holders& holders : ends) {
    for (const auto& [process, description] : holders) {
      if (process != maker) result_.expect_last(process);
    }
  }
  result_.last_.push_back({std::move(ends), std::move(make)});
}

// What is opened here must be what it was: so files are compared, and made what they were, before any process is there
// to do so. All of them are looked at before the first is changed.
void SharedRestart::Maker::settle_files() {
  struct Work {
    state::Restart restart;
    std::unique_ptr<state::Reviver> files;
  };
  std::set<std::size_t> owners;
  for (const auto& [where, others] : others_) {
    if (at(where).kind == state::regular_file_number) owners.insert(where.process);
  }
  if (owners.empty()) return;
  std::map<std::size_t, Work> work;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr) continue;
    Work& one = work.try_emplace(i, Work{{*images_[i], options_}, nullptr}).first->second;
    one.files = state::prepare_file_records(one.restart);
    one.files->restore(state::Stage::check);
  }
  for (const std::size_t owner : owners) {
    Work& one = work.at(owner);
    one.files->restore(state::Stage::files);
    result_.notes_.insert(result_.notes_.end(), one.restart.notes.begin(), one.restart.notes.end());
  }
}

void SharedRestart::Maker::make_alone(const Where& where) {
  const Description description = relocated(at(where));
  const state::DescriptorKind& kind = *state::find_descriptor_kind(description.kind);
  if (kind.object != nullptr) return;  // made with its other ends
  if (kind.reopen_last != nullptr) {
    leave_for_last({holders_of(where)}, [description, &kind](const restart::Options& options) {
      std::vector<UniqueFd> made;
      made.push_back(kind.reopen_last(description, options));
      return made;
    });
    return;
  }
  UniqueFd made = description.standard >= 0 ? standing_at(description.standard) : UniqueFd();
  if (!made) made = kind.reopen(description);
  const int fd = keep(std::move(made));
  // Its owner takes what stands at 0, 1 and 2 by itself.
  if (description.standard < 0) result_.given_[where.process].descriptions.emplace_back(where.description, fd);
  for (const Where& other : others_.at(where))
    result_.given_[other.process].descriptions.emplace_back(other.description, fd);
}

// Also of one process alone where what it shows is a file that has been made here.
void SharedRestart::Maker::make_memory() {
  struct Memory {
    std::set<std::size_t> processes;
    std::uint64_t size = 0;
    std::string name;
  };
  std::map<ObjectIdentity, Memory> all;
  for (std::size_t i = 0; i < images_.size(); ++i) {
    if (images_[i] == nullptr) continue;
    for (const context::StoredArea& stored : images_[i]->reader().areas()) {
      const Area& area = stored.area;
      if (!state::is_nameless_memory(area)) continue;
      Memory& memory = all[{area.device, area.inode}];
      memory.processes.insert(i);
      memory.size = std::max(memory.size, area.file_offset + (area.end - area.start));
      memory.name = state::shared_memory_name(area);
    }
  }
  for (const auto& [identity, memory] : all) {
    const auto file = nameless_.find(identity);
    if (file == nameless_.end() && memory.processes.size() < 2) continue;
    int fd = file != nameless_.end() ? file->second : -1;
    if (fd < 0) {
      UniqueFd made(memfd_create(memory.name.c_str(), MFD_CLOEXEC));
      if (!made || ftruncate(made.get(), static_cast<off_t>(memory.size)) != 0)
        throw EnvironmentError(with_errno("memory that processes share", errno));
      fd = keep(std::move(made));
    }
    for (const std::size_t i : memory.processes)
      result_.given_[i].memory.push_back({identity.device, identity.inode, fd});
  }
}

void SharedRestart::Maker::run() {
  result_.given_.resize(images_.size());
  index();
  find_shared_descriptions();
  find_shared_objects();
  std::vector<std::pair<unsigned, ObjectIdentity>> wanted;
  for (const auto& [identity, object] : objects_) {
    if (object.shared) wanted.emplace_back(state::turn_of(object.parts.front().second->kind), identity);
  }
  std::sort(wanted.begin(), wanted.end());
  for (const auto& [turn, identity] : wanted) make_object(identity);
  for (auto& [identity, fd] : nameless_) fd = keep(UniqueFd(fd));
  settle_files();
  for (const auto& [where, others] : others_) make_alone(where);
  for (state::SessionTerminal& terminal : result_.terminals_) {
    if (terminal.slave.get() <= STDERR_FILENO)
      terminal.slave.reset(fcntl(terminal.slave.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  }
  make_memory();
  for (const auto& [name, now] : state::make_system_v(images_))
    result_.system_v_.push_back({name.kind, name.number, now});
}

SharedRestart::SharedRestart(std::span<const state::Image* const> images, const restart::Options& options,
                             std::span<const std::pair<int, UniqueFd>> standard) {
  Maker(*this, images, options, standard).run();
}

// Out of the way of what stands at 0, 1 and 2, or is to be closed there.
int SharedRestart::keep(UniqueFd made) {
  if (made.get() <= STDERR_FILENO) made.reset(fcntl(made.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!made) throw EnvironmentError(with_errno("a descriptor that processes share", errno));
  made_.push_back(std::move(made));
  return made_.back().get();
}

// What has been made is the process's own: a second number for all of them might be too many.
int SharedRestart::taken(int made) {
  const auto found = std::find_if(made_.begin(), made_.end(), [=](const UniqueFd& fd) { return fd.get() == made; });
  UniqueFd fd;
  if (found != made_.end())
    fd = std::move(*found);
  else
    fd.reset(fcntl(made, F_DUPFD, STDERR_FILENO + 1));  // it has it twice
  if (!fd) throw EnvironmentError(with_errno("a descriptor that processes share", errno));
  fcntl(fd.get(), F_SETFD, 0);
  return fd.release();
}

void SharedRestart::hand_over(std::size_t i, restart::Options& options) {
  for (const auto& [description, fd] : given_[i].descriptions) options.given.emplace_back(description, taken(fd));
  for (const auto& memory : given_[i].memory)
    options.given_memory.push_back({memory.device, memory.inode, taken(memory.fd)});
  options.given_system_v = system_v_;
}

void SharedRestart::make_last(std::size_t i, restart::Options& options) {
  for (const Last& last : last_) {
    if (last.ends.front().front().first != i) continue;
    std::vector<UniqueFd> made = last.make(options);
    for (std::size_t end = 0; end < made.size(); ++end) {
      const int fd = keep(std::move(made[end]));
      for (const auto& [process, description] : last.ends[end]) {
        if (process != i) inboxes_.at(process).send(description, fd);
      }
      for (const auto& [process, description] : last.ends[end]) {
        if (process == i) options.given.emplace_back(description, taken(fd));
      }
    }
  }
  const auto own = inboxes_.find(i);
  // When nobody has one that sends there, who waits sees it.
  for (auto& [process, inbox] : inboxes_) inbox.close_sending();
  if (own == inboxes_.end()) return;
  for (auto& [description, fd] : own->second.receive_all())
    options.given.emplace_back(description, taken(keep(std::move(fd))));
}

}  // namespace cairn::group
