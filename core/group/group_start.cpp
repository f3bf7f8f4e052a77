// SPDX-License-Identifier: Apache-2.0
#include "core/group/group_start.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "core/abi/held_signals.hpp"
#include "core/base/deadline.hpp"
#include "core/base/end_as.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/numbered_fork.hpp"
#include "core/group/group_common.hpp"
#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/descriptors/standard_files.hpp"
#include "core/state/descriptors/state.hpp"
#include "core/state/extension/state.hpp"
#include "core/state/files/state.hpp"
#include "core/state/image.hpp"
#include "core/state/own_image.hpp"

namespace cairn::group {
namespace {

constexpr double kMeetSeconds = 60;
constexpr int kUnable = 127;
const std::string kNoNumber = "its number cannot be had";

}  // namespace

GroupStart::GroupStart(const std::string& directory, const restart::Options& options, Hosts hosts, bool numbers,
                       ProcessSpace* space, std::string advice)
    : options_(options),
      hosts_(std::move(hosts)),
      numbers_(numbers),
      space_(space),
      advice_(std::move(advice)),
      index_(context::read_group_index(directory)),
      plan_(plan_restart(index_)) {
  if (index_.processes.size() > kMost) throw PermanentError(directory + " has too many processes");
  room_.make_all();
  read_files(directory);
  note_common_files();
  open_standard_files();
  make_shared();
  void* memory = mmap(nullptr, sizeof(Common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw EnvironmentError(with_errno("memory for the start of a group", errno));
  common_ = static_cast<Common*>(memory);
}

GroupStart::~GroupStart() { munmap(common_, sizeof(Common)); }

// Everything that can be wrong with the files is found here, before anything is started.
void GroupStart::read_files(const std::string& directory) {
  state::refuse_foreign(directory, options_);
  for (std::size_t i = 0; i < index_.processes.size(); ++i) {
    files_.push_back(context::member_path(directory, index_, i));
    host_of_.emplace_back();
    ours_.emplace_back();
    theirs_.emplace_back();
    images_.emplace_back();
    if (has_ended(i)) continue;
    images_.back().emplace(state::read_own_image(context::open_member(directory, index_, i), options_));
    const bool extended = !images_.back()->get<state::ExtensionState>().bytes.empty();
    host_of_.back() = extended ? hosts_.extended : hosts_.plain;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw EnvironmentError(with_errno("socketpair", errno));
    ours_.back().reset(ends[0]);
    theirs_.back().reset(ends[1]);
  }
}

// Who only reads a file takes it as that process of the group does which writes to it: newer than the checkpoint.
void GroupStart::note_common_files() {
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> written;  // path and inode, size
  std::map<std::string, std::uint64_t> lengths;
  const auto for_each_file = [this](const auto& action) {
    for (const auto& image : images_) {
      if (!image) continue;
      for (const state::FileRecord& file : image->get<state::FileRecords>().files)
        if (!file.directory) action(file);
    }
  };
  for_each_file([&](const state::FileRecord& file) {
    if (!file.written) return;
    std::uint64_t& size = written[{file.path, file.inode}];
    size = std::max(size, file.size);
  });
  for_each_file([&](const state::FileRecord& file) {
    if (file.written) return;
    if (const auto found = written.find({file.path, file.inode}); found != written.end())
      lengths[restart::relocated(options_, file.path)] = found->second;
  });
  for (const auto& [path, size] : options_.lengths) lengths.erase(path);  // ompi-restart knows of more processes
  options_.lengths.insert(options_.lengths.end(), lengths.begin(), lengths.end());
}

// Regular files that go on at 0, 1 and 2 are one description for all who have them: opened once, here.
void GroupStart::open_standard_files() {
  standard_ = state::open_standard_files(images_[0]->get<state::FilesState>(), options_);
}

void GroupStart::make_shared() {
  std::vector<const state::Image*> images;
  for (const auto& image : images_) images.push_back(image ? &*image : nullptr);
  shared_.emplace(images, options_, standard_);
  notes_ = shared_->notes();
}

std::vector<pid_t> GroupStart::numbers() const {
  std::vector<pid_t> numbers;
  for (const context::GroupProcess& process : index_.processes) {
    if (!process.ended) numbers.push_back(process.pid);
  }
  return numbers;
}

// --- in the processes that become hosts ---

// Says why, and ends; so do all others that see it.
void GroupStart::fail(std::size_t i, const std::string& what, int error) {
  if (__atomic_exchange_n(&common_->failing, 1, __ATOMIC_ACQ_REL) == 0) {
    const std::string text = "process " + std::to_string(index_.processes[i].pid) + ": " + with_errno(what, error) +
                             (what == kNoNumber ? advice_ : "");
    text.copy(common_->message, sizeof common_->message - 1);
    store_and_wake(common_->failed, 1);
  }
  leave();
}

// A host that is to be the first ends as hosts end.
void GroupStart::leave() {
  if (self_ != 0 || !here_) _exit(kUnable);
  const Deadline patience(1);  // for the message
  while (load(common_->failed) == 0 && load(common_->failing) != 0 && !patience.passed()) usleep(1000);
  const bool said = load(common_->failed) != 0;
  throw EnvironmentError(said ? std::string(common_->message) : "its processes did not come up together in time");
}

void GroupStart::meet(std::size_t meeting, bool counted) {
  std::uint32_t& met = common_->met[meeting];
  if (counted) __atomic_add_fetch(&met, 1, __ATOMIC_SEQ_CST);
  wake_all(met);
  const Deadline deadline(kMeetSeconds);
  for (std::uint32_t seen; (seen = load(met)) < index_.processes.size();) {
    if (load(common_->failed) != 0 || deadline.passed()) leave();
    wait_while(met, seen, std::chrono::milliseconds(50));
  }
}

void GroupStart::make(std::size_t i) {
  const pid_t wanted = numbers_ ? index_.processes[i].pid : 0;
  const pid_t pid = fork_as(wanted, true);
  if (pid < 0) fail(i, wanted != 0 ? kNoNumber : "it cannot be made", errno);
  if (pid == 0) {
    become(i);
    execute_host(i);
  }
  common_->numbers[i] = pid;
}

// The leader of a group whose own has ended. It ends when all have joined.
pid_t GroupStart::make_leader(std::size_t i) {
  const pid_t leader = fork_as(numbers_ ? plan_[i].joins_group : 0, true);
  if (leader < 0) fail(i, "the number of its process group cannot be had", errno);
  if (leader == 0) {
    here_ = false;
    setpgid(0, 0);
    meet(1, false);
    _exit(0);
  }
  setpgid(leader, leader);
  common_->groups[i] = leader;
  return leader;
}

// 0: no process of the index is in a group of that number that it does not lead.
pid_t GroupStart::group_now(std::int32_t saved) const {
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    if (index_.processes[i].pid == saved) return common_->numbers[i];
    if (plan_[i].makes_leader && plan_[i].joins_group == saved) return common_->groups[i];
  }
  return 0;
}

void GroupStart::take_group(std::size_t i) {
  if (plan_[i].joins_group == 0) return;
  const pid_t group = group_now(plan_[i].joins_group);
  if (getpgrp() != group && setpgid(0, group) != 0) fail(i, "it cannot join its process group", errno);
}

// Of the session that it has made; those that it forks then have it, too.
const state::SessionTerminal* GroupStart::terminal_of(std::size_t i) const {
  if (!plan_[i].makes_session) return nullptr;
  const auto& all = shared_->terminals();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& terminal) { return terminal.session == index_.processes[i].pid; });
  return found != all.end() ? &*found : nullptr;
}

void GroupStart::take_terminal(std::size_t i) {
  const state::SessionTerminal* terminal = terminal_of(i);
  if (terminal != nullptr && ioctl(terminal->slave.get(), TIOCSCTTY, 0) != 0)
    fail(i, "it cannot have its terminal", errno);
}

// When all groups are there. Whose group has ended, and has nobody left, is nobody's foreground.
void GroupStart::set_foreground(std::size_t i) {
  const state::SessionTerminal* terminal = terminal_of(i);
  if (terminal == nullptr) return;
  const auto& all = index_.processes;
  if (std::none_of(all.begin(), all.end(), [&](const auto& p) { return p.group == terminal->foreground; })) return;
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);  // once another group is in the foreground
  sigprocmask(SIG_BLOCK, &stop, &before);
  const int set = tcsetpgrp(terminal->slave.get(), group_now(terminal->foreground));
  const int error = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (set != 0) fail(i, "its terminal cannot have its foreground process group", error);
}

void GroupStart::become(std::size_t i) {
  const PlannedProcess& plan = plan_[i];
  self_ = i;
  common_->numbers[i] = getpid();
  for (const std::size_t child : plan.first) make(child);
  if (plan.makes_session && setsid() < 0) fail(i, "it cannot make its session", errno);
  take_terminal(i);
  for (const std::size_t child : plan.then) make(child);
  // Now: who is to be in the group that all have inherited need not join it, which may have no number here.
  if (plan.makes_group && setpgid(0, 0) != 0) fail(i, "it cannot make its process group", errno);
  const pid_t leader = plan.makes_leader ? make_leader(i) : 0;
  meet(0);
  take_group(i);
  meet(1);
  if (leader != 0) waitpid(leader, nullptr, 0);
  set_foreground(i);
  own_options_ = options_of(i);
  if (shared_->has_last()) {
    if (!has_ended(i)) shared_->make_last(i, own_options_);
    meet(2);
  }
  if (has_ended(i)) {
    if (space_ != nullptr) space_->drop_rights();
    end_as(index_.processes[i].status);
  }
  for (const auto* children : {&plan.first, &plan.then}) {
    for (const std::size_t child : *children) {
      siginfo_t info;
      if (index_.processes[child].ended)
        waitid(P_PID, static_cast<id_t>(common_->numbers[child]), &info, WEXITED | WNOWAIT);
    }
  }
}

// The first's group is that of whoever has started it.
void GroupStart::add_numbers(restart::Options& options) const {
  for (std::size_t i = 0; i < index_.processes.size(); ++i) {
    const std::int32_t saved = index_.processes[i].pid, now = common_->numbers[i];
    if (saved != now) options.numbers.emplace_back(saved, now);
    const std::int32_t group = plan_[i].makes_leader ? plan_[i].joins_group : 0;
    if (group != common_->groups[i]) options.numbers.emplace_back(group, common_->groups[i]);
  }
  const context::GroupProcess& first = index_.processes.front();
  if (first.group != first.pid) options.numbers.emplace_back(first.group, getpgid(common_->numbers[0]));
}

restart::Options GroupStart::options_of(std::size_t i) {
  restart::Options options = options_;
  options.together = true;
  add_numbers(options);
  shared_->hand_over(i, options);
  options.stdio = "new";  // open_standard_files() has chosen
  if (space_ != nullptr) options.lent = space_->lent();
  return options;
}

void GroupStart::prepare_host(std::size_t i) {
  restart::Options options = own_options_;
  options.started = theirs_[i].get();
  fcntl(options.started, F_SETFD, 0);
  room_.close();
  if (space_ != nullptr) space_->lend_rights();
  setenv(restart::options_variable, restart::to_text(options).c_str(), 1);
}

void GroupStart::execute_host(std::size_t i) {
  prepare_host(i);
  const std::string& host = host_of_[i];
  const char* const words[] = {host.c_str(), "--cairn-restart", files_[i].c_str(), nullptr};
  execv(host.c_str(), const_cast<char* const*>(words));
  fail(i, "cannot run " + host, errno);
}

void GroupStart::take_standard_files() {
  signal(SIGCHLD, SIG_DFL);  // ended children would vanish otherwise
  for (const auto& [number, fd] : standard_) {
    if (dup2(fd.get(), number) < 0) fail(0, "its standard files", errno);
  }
}

void GroupStart::become_first() {
  restart::hold_signals();
  take_standard_files();
  become(0);
  prepare_host(0);
}

std::vector<std::size_t> GroupStart::beside_first() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < plan_.size(); ++i) {
    if (plan_[i].beside) places.push_back(i);
  }
  return places;
}

void GroupStart::become_beside(std::size_t place) {
  restart::hold_signals();
  take_standard_files();
  become(place);
  execute_host(place);
}

restart::Options GroupStart::become_first_here() {
  here_ = true;
  take_standard_files();
  become(0);
  forget_shared();
  for (UniqueFd& fd : theirs_) fd.reset();
  room_.close();
  return own_options_;
}

void GroupStart::forget_shared() {
  shared_.reset();
  images_.clear();
  standard_.clear();
}

}  // namespace cairn::group
