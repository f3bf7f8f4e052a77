// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/descriptors/kinds/elsewhere.hpp"
#include "core/state/descriptors/locks.hpp"
#include "core/state/descriptors/placement.hpp"
#include "core/state/descriptors/process_files.hpp"
#include "core/state/descriptors/room.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/process/state.hpp"

namespace cairn::state {
namespace {

constexpr int kSettable = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK;

bool is_open(int fd) { return !is_error(raw_syscall(SYS_fcntl, fd, F_GETFD)); }

class DescriptorsReviver : public Reviver {
 public:
  explicit DescriptorsReviver(Restart& restart)
      : restart_(restart),
        image_(restart.image),
        options_(restart.options),
        files_(image_.get<FilesState>()),
        places_(files_.descriptors) {
    for (Description& description : files_.descriptions)
      description.path = current_path(restart::relocated(restart.options, description.path),
                                      image_.get<ProcessState>().pid, restart.options);
  }
  void restore(Stage stage) override try {
    if (stage == Stage::check) check();
    if (stage == Stage::open) open_all();
    if (stage == Stage::descriptors) place_all();
    if (stage == Stage::last) refill_all();
  } catch (const EnvironmentError& error) {
    throw EnvironmentError(image_.reader().name() + ": " + error.what());
  }

 private:
  void check();
  void open_all();
  void take_given();
  bool is_ours_to_make(const SharedObject& object) const;
  bool is_replaced(const SharedObject& object) const;
  void make_object(const SharedObject& object);
  void place_all() {
    note_standard_files();
    connect_all();
    place_descriptors(files_.descriptors, opened_);
    room_.close();
    opened_.clear();
    for (const auto& [identity, fd] : restart_.nameless) close(fd);
    restart_.nameless.clear();
  }
  void connect_all();
  void refill_all();
  UniqueFd open_as_before(std::size_t index) const;
  UniqueFd open_description(const Description& description) const;
  void set_common(int fd, const Description& description) const;
  void set_owner(int fd, const Description& description) const;
  bool takes_new(const Description& description) const;
  bool is_given(std::size_t index) const {
    return std::any_of(options_.given.begin(), options_.given.end(),
                       [=](const auto& one) { return one.first == index; });
  }

  Restart& restart_;
  const Image& image_;
  const restart::Options& options_;
  FilesState files_;
  Places places_;
  DescriptorRoom room_;
  std::vector<UniqueFd> opened_;  // by description, on descriptors of the host or at their places
};

bool DescriptorsReviver::takes_new(const Description& description) const {
  if (description.standard < 0 || !is_open(description.standard)) return false;
  return !goes_on_by_choice(description) || takes_new_standard(description.standard, options_.stdio);
}

void DescriptorsReviver::check() {
  if (image_.get<SharedObjects>().with_others && !options_.together)
    throw EnvironmentError(
        "it has files or memory in common with processes that were saved together with it, and is "
        "restarted together with them: by the directory that it is in");
  room_.make(files_.descriptors);
}

void DescriptorsReviver::open_all() {
  opened_.resize(files_.descriptions.size());
  take_given();
  std::vector<const SharedObject*> objects;
  for (const SharedObject& object : image_.get<SharedObjects>().objects) objects.push_back(&object);
  std::stable_sort(objects.begin(), objects.end(),
                   [](const auto* a, const auto* b) { return turn_of(a->kind) < turn_of(b->kind); });
  for (const SharedObject* object : objects) make_object(*object);
  for (std::size_t i = 0; i < opened_.size(); ++i) {
    if (!opened_[i]) opened_[i] = open_as_before(i);
    if (!opened_[i]) opened_[i] = open_description(files_.descriptions[i]);
    places_.take(opened_[i], i);
  }
  for (const HeldLock& lock : image_.get<SharedObjects>().locks)
    take_lock(opened_[lock.description].get(), lock, files_.descriptions[lock.description].path);
}

// What the processes of a group share has been made for all of them.
void DescriptorsReviver::take_given() {
  for (const auto& [index, fd] : options_.given) {
    UniqueFd given(fd);
    if (index >= opened_.size()) throw PermanentError(image_.reader().name() + ": what is shared makes no sense");
    opened_[index] = std::move(given);
    const Description& description = files_.descriptions[index];
    if ((description.flags & O_PATH) == 0 && description.kind != elsewhere_number) set_common(fd, description);
  }
  places_.take_all(opened_);
  for (const auto& memory : options_.given_memory) restart_.nameless[{memory.device, memory.inode}] = memory.fd;
}

// Not what has been made for the group, with all its ends.
bool DescriptorsReviver::is_ours_to_make(const SharedObject& object) const {
  for (std::size_t i = 0; i < opened_.size(); ++i) {
    if (opened_[i] && is_end_of(files_.descriptions[i], object)) return false;
  }
  if (is_saved_elsewhere(object, image_.get<ProcessState>().pid))
    throw PermanentError(image_.reader().name() + ": what process " + std::to_string(object.owner) +
                         " has saved of what both share is missing");
  return true;
}

// Does what the new process has stand for all of its ends?
bool DescriptorsReviver::is_replaced(const SharedObject& object) const {
  bool any = false, all = true;
  for (const Description& description : files_.descriptions) {
    if (!is_end_of(description, object)) continue;
    any = true;
    all = all && takes_new(description);
  }
  return any && all;
}

void DescriptorsReviver::make_object(const SharedObject& object) {
  if (is_replaced(object) || !is_ours_to_make(object)) return;
  std::vector<std::size_t> places;
  std::vector<const Description*> ends;
  for (std::size_t i = 0; i < files_.descriptions.size(); ++i) {
    const Description& description = files_.descriptions[i];
    if (!is_end_of(description, object)) continue;
    places.push_back(i);
    ends.push_back(&description);
  }
  const ObjectPart whole{object, image_};
  std::vector<SessionTerminal> terminals;  // of sessions that the process has not made itself: there are none
  Making making{options_, restart_.notes, restart_.nameless, terminals};
  std::vector<UniqueFd> made = find_descriptor_kind(object.kind)->object->make({&whole, 1}, ends, making);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (takes_new(*ends[i])) continue;
    if (UniqueFd same = open_as_before(places[i])) made[i] = std::move(same);
    set_common(made[i].get(), *ends[i]);
    opened_[places[i]] = std::move(made[i]);
    places_.take(opened_[places[i]], places[i]);
  }
}

// By what has been opened for another standard descriptor.
UniqueFd DescriptorsReviver::open_as_before(std::size_t index) const {
  const auto& all = files_.descriptions;
  for (std::size_t i = 0; i < index; ++i) {
    if (is_same_standard(all[i], all[index]) && !takes_new(all[i]) && !takes_new(all[index]))
      return UniqueFd(fcntl(opened_[i].get(), F_DUPFD_CLOEXEC, 0));
  }
  return {};
}

UniqueFd DescriptorsReviver::open_description(const Description& description) const {
  if (takes_new(description)) {
    UniqueFd copy(
        fcntl(description.standard, F_DUPFD_CLOEXEC, 0));  // since its number may be taken while the others are made
    if (!copy) throw EnvironmentError(with_errno("descriptor " + std::to_string(description.standard), errno));
    return copy;
  }
  const DescriptorKind& kind = *find_descriptor_kind(description.kind);
  UniqueFd fd = kind.reopen_last != nullptr ? kind.reopen_last(description, options_) : kind.reopen(description);
  if ((description.flags & O_PATH) == 0) set_common(fd.get(), description);
  return fd;
}

void DescriptorsReviver::set_common(int fd, const Description& description) const {
  raw_syscall(SYS_fcntl, fd, F_SETFL, static_cast<int>(description.flags) & kSettable);
  if (description.signal != 0) raw_syscall(SYS_fcntl, fd, F_SETSIG, description.signal);
  set_owner(fd, description);
}

// The process's own numbers are known to it alone where it is restarted alone.
void DescriptorsReviver::set_owner(int fd, const Description& description) const {
  if (description.owner == 0) return;
  const bool group = description.owner < 0;
  const auto& process = image_.get<ProcessState>();
  const std::int32_t saved = std::abs(description.owner), own = group ? process.group : process.pid;
  const std::int32_t now = saved != own ? restart::number_now(options_, saved) : group ? getpgrp() : getpid();
  const std::string what = "the signals of " + description.path + " cannot go to process " + (group ? "group " : "") +
                           std::to_string(saved) + " again (F_SETOWN)";
  if (now == 0)
    throw EnvironmentError(what +
                           ": that is cr_restart's, which has no number in a process namespace; try "
                           "--pid-namespace=never");
  if (is_error(raw_syscall(SYS_fcntl, fd, F_SETOWN, group ? -now : now)))
    throw EnvironmentError(with_errno(what, ESRCH));
}

void DescriptorsReviver::connect_all() {
  for (std::size_t i = 0; i < opened_.size(); ++i) {
    const Description& description = files_.descriptions[i];
    const DescriptorKind& kind = *find_descriptor_kind(description.kind);
    const bool replaced = takes_new(description) && !is_given(i);
    if (kind.connect != nullptr && !replaced) kind.connect(opened_[i].get(), description, {files_, opened_});
  }
}

void DescriptorsReviver::refill_all() {
  for (std::uint32_t i = 0; i < files_.descriptions.size(); ++i) {
    const Description& description = files_.descriptions[i];
    const DescriptorKind& kind = *find_descriptor_kind(description.kind);
    const auto first = std::find_if(files_.descriptors.begin(), files_.descriptors.end(),
                                    [i](const Descriptor& d) { return d.description == i; });
    if (kind.refill != nullptr && first != files_.descriptors.end()) kind.refill(first->number, description);
  }
}

}  // namespace

std::unique_ptr<Reviver> prepare_descriptors(Restart& restart) { return std::make_unique<DescriptorsReviver>(restart); }

}  // namespace cairn::state
