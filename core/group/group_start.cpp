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
constexpr std::size_t kMeetings = 3;  // all are there; all are in their groups; what is made last is there
constexpr std::size_t kMost = 4096;
constexpr int kUnable = 127;
const std::string kNoNumber = "its number cannot be had";

}  // namespace

struct GroupStart::Common {
  std::uint32_t met[kMeetings];  // futex
  std::uint32_t failed;          // futex: the message is complete
  std::uint32_t failing;         // somebody writes it
  char message[1024];
  std::int32_t numbers[kMost];  // as they are now, by place in the index
};

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

void GroupStart::meet(std::size_t meeting) {
  std::uint32_t& met = common_->met[meeting];
  __atomic_add_fetch(&met, 1, __ATOMIC_SEQ_CST);
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

void GroupStart::take_group(std::size_t i) {
  const PlannedProcess& plan = plan_[i];
  if (plan.joins_group == 0) return;
  const auto& all = index_.processes;
  const auto leader = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.pid == plan.joins_group; });
  const pid_t group = common_->numbers[leader - all.begin()];
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
  const auto leader =
      std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.pid == terminal->foreground; });
  if (leader == all.end() || leader->group != leader->pid) return;
  sigset_t stop, before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);  // once another group is in the foreground
  sigprocmask(SIG_BLOCK, &stop, &before);
  const int set = tcsetpgrp(terminal->slave.get(), common_->numbers[leader - all.begin()]);
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
  meet(0);
  take_group(i);
  meet(1);
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

// --- in who waits for them ---

bool GroupStart::hear(std::size_t i, char wanted, char& heard) const {
  heard = '\0';
  ssize_t n = 0;
  while ((n = read(ours_[i].get(), &heard, 1)) < 0 && errno == EINTR) {
  }
  return n == 1 && (wanted == '\0' || heard == wanted);
}

char GroupStart::wait_started() {
  for (UniqueFd& fd : theirs_) fd.reset();
  char heard = '\0', of_first = '\0';
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (ours_[i] && !hear(i, restart::whole, heard)) return give_up(i);
  }
  for (const UniqueFd& fd : ours_) {
    if (fd) static_cast<void>(!send(fd.get(), &restart::whole, 1, MSG_NOSIGNAL));
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!ours_[i]) continue;
    const bool goes_on = hear(i, '\0', heard);  // or has ended already, which is its own affair
    if (i == 0) of_first = goes_on ? heard : restart::started_plainly;
    if (goes_on && heard == restart::started_with_changes) of_first = heard;
  }
  return of_first;
}

std::optional<std::string> GroupStart::all_whole() const {
  char heard = '\0';
  for (std::size_t i = 1; i < files_.size(); ++i) {
    const context::GroupProcess& process = index_.processes[i];
    if (ours_[i] && !hear(i, restart::whole, heard)) return process.described();
  }
  return std::nullopt;
}

void GroupStart::let_others_go() {
  for (std::size_t i = 1; i < files_.size(); ++i) {
    if (ours_[i]) static_cast<void>(!send(ours_[i].get(), &restart::whole, 1, MSG_NOSIGNAL));
  }
}

// Who are processes of this one's namespace.
void GroupStart::end_all_but(std::size_t failed) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const pid_t pid = common_->numbers[i];
    if (pid > 0 && i != failed) kill(pid, SIGKILL);
  }
  for (UniqueFd& fd : ours_) fd.reset();
  // By the order of the index parents come first: who is waited for is our own child by then. The very first stays.
  for (std::size_t i = 0; i < files_.size(); ++i) {
    siginfo_t ended{};
    const pid_t pid = common_->numbers[i];
    if (pid <= 0) continue;
    while (waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | (i == 0 ? WNOWAIT : 0)) != 0 && errno == EINTR) {
    }
    if (i == failed && i != 0 && ended.si_code == CLD_EXITED) failure_ = ended.si_status;
  }
}

// None of them has gone on. Their hosts would end by themselves when they see that nobody waits for them, with a code
// that says less than that of the one that failed: so they are ended first.
char GroupStart::give_up(std::size_t failed) {
  const pid_t number = common_->numbers[failed];
  if (space_ == nullptr) {
    end_all_but(failed);
  } else if (const auto status = space_->end_all(failed != 0 ? number : 0); status && WIFEXITED(*status)) {
    failure_ = WEXITSTATUS(*status);
  }
  for (UniqueFd& fd : ours_) fd.reset();
  if (load(common_->failed) != 0) throw EnvironmentError(std::string(common_->message));
  return '\0';
}

}  // namespace cairn::group
