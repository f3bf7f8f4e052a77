// SPDX-License-Identifier: Apache-2.0
#include "core/host/control_job.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string_view>

#include "core/abi/host_table.h"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "core/base/futex.hpp"
#include "core/base/proc.hpp"
#include "core/host/host.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/process/kind.hpp"
#include "core/state/resident.hpp"

namespace cairn::host {
namespace {

constexpr double kDefaultTimeout = 60;
constexpr std::chrono::milliseconds kLook{50};
constexpr double kWriteTimeout = 24 * 3600;  // a hung disk, not a slow one

// Says meanwhile that a checkpoint is taken, to the program, which is not to execute another before that has ended.
class Taken {
 public:
  Taken() { store_and_wake(CAIRN_TABLE->taken, static_cast<std::uint32_t>(getpid())); }
  ~Taken() { store_and_wake(CAIRN_TABLE->taken, 0); }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
};

// What is reached by way of descriptors of the host, by the names that its user has for it.
std::string with_real_paths(const std::string& text) {
  static constexpr std::string_view kLink = "/proc/self/fd/";
  std::string shown;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = text.find(kLink, done)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789", at + kLink.size()), text.size());
    const std::string link = text.substr(at, end - at), path = read_link(link);
    shown += text.substr(done, at - done) + (path.empty() ? link : path);
    done = end;
  }
  return shown + text.substr(done);
}

double timeout_of(const cairn_control_request& request) {
  return request.parameters.timeout > 0 ? request.parameters.timeout : kDefaultTimeout;
}

}  // namespace

cairn_control_reply make_reply(std::uint32_t state, int code, const std::string& text) {
  cairn_control_reply reply{};
  reply.state = state;
  reply.code = code;
  text.copy(reply.text, sizeof reply.text - 1);
  return reply;
}

ControlJob::ControlJob(const cairn_control_request& request, UniqueFd descriptor, Asker asker, Answer answer,
                       std::optional<Leader> leader, pid_t command)
    : request_(request),
      descriptor_(std::move(descriptor)),
      asker_(asker),
      answer_(std::move(answer)),
      leader_(std::move(leader)),
      command_(command) {}

group::Group::Members ControlJob::find_members(const group::Group::Members& known) {
  return tree_ ? tree_->find(known) : group::own_process_only(known);
}

group::Request ControlJob::request_of_group() const {
  group::Request request;
  request.path = target_->path();
  request.fd = target_->fd();
  request.parameters = request_.parameters;
  request.parameters.timeout = timeout_of(request_);
  request.was_stopped = was_stopped();
  request.object_directory = target_->objects();
  return request;
}

cairn_control_reply ControlJob::success(const std::vector<CheckpointStatistics>& statistics) const {
  const CheckpointStatistics& own = statistics.front();
  std::string text(own.fork_reason.view());
  if (tree_) text = std::to_string(statistics.size()) + " processes" + (text.empty() ? "" : "; ") + text;
  cairn_control_reply reply = make_reply(CAIRN_CONTROL_DONE, CAIRN_EXIT_OK, text);
  reply.statistics = own;
  reply.statistics.bytes = 0;
  for (const CheckpointStatistics& one : statistics) reply.statistics.bytes += one.bytes;
  return reply;
}

bool ControlJob::was_stopped() const noexcept { return (request_.flags & CAIRN_CONTROL_WAS_STOPPED) != 0; }

void ControlJob::cancel() noexcept {
  cancelled_.store(true);
  group_.cancel();
}

cairn_control_reply ControlJob::progress() const {
  cairn_control_reply reply = make_reply(state_.load());
  reply.statistics.bytes = group_.bytes_so_far();
  return reply;
}

void ControlJob::check_cancelled() const {
  if (cancelled_.load()) throw TemporaryError("the request was withdrawn");
}

void ControlJob::answer(const cairn_control_reply& reply) {
  answered_.store(true);
  answer_(reply);
}

// Until the callbacks of the program, which runs again, have returned. Not for ever: one that waits for whoever asks
// would be waited for by it.
void ControlJob::wait_for_callbacks(double seconds) const {
  const cairn_guest* guest = host::guest();
  if (asker_ == Asker::program || guest == nullptr) return;
  for (const Deadline deadline(seconds); !deadline.passed() && !cancelled_.load();) {
    const std::uint32_t done = load(guest->callback_done), threads = load(guest->threads_in_callbacks);
    if (done != load(guest->callback_ask)) {
      wait_while(guest->callback_done, done, kLook);
    } else if (threads != 0) {
      wait_while(guest->threads_in_callbacks, threads, kLook);
    } else {
      return;
    }
  }
}

void ControlJob::run() noexcept {
  const Taken taken;
  const Deadline deadline(timeout_of(request_));
  cairn_control_reply reply{};
  try {
    take();
    return;
  } catch (const std::exception& error) {
    reply = make_reply(CAIRN_CONTROL_DONE, code_of(error), with_real_paths(error.what()));
    if (const auto* own = dynamic_cast<const Error*>(&error)) reply.error = own->number();
  }
  group_.abandon();
  target_.reset();
  wait_for_callbacks(deadline.left());
  answer(reply);
  stop_again(0);
}

void ControlJob::take() {
  if (const std::string why = extension().refuses_single_checkpoint(); !why.empty()) throw TemporaryError(why);
  if (is_member()) return follow();
  if ((request_.flags & CAIRN_CONTROL_TREE) == 0) return take_process();
  const Deadline deadline(timeout_of(request_));
  const state::ChildrenSince children;
  if (group::processes_of(getpid(), scope_of_flags(request_.flags)).size() > 1) return take_tree();
  try {
    return take_process();
  } catch (const Error& error) {
    if (error.code() != CAIRN_EXIT_TEMPORARY || deadline.passed() || !children.any()) throw;
  }
  // The tree, not what a process alone shares with others, was to be judged.
  group_.abandon();
  target_.reset();
  wait_for_callbacks(deadline.left());
  take_tree();
}

void ControlJob::take_process() {
  target_.emplace(request_, descriptor_.get(), ControlTarget::Shape::file);
  take_members(request_of_group());
}

void ControlJob::take_tree() {
  target_.emplace(request_, descriptor_.get(), ControlTarget::Shape::directory);
  group::Request request = request_of_group();
  lead_tree(request);
  const state::ChildrenAllowed children;
  const state::InGroup in_group(tree_->scope());
  take_members(request);
}

void ControlJob::take_members(const group::Request& request) {
  state_.store(CAIRN_CONTROL_STOPPING);
  check_cancelled();
  group_.save(request);
  check_cancelled();
  const bool goes_on = request_.signal == 0 && !was_stopped() && !(tree_ && tree_->was_stopped());
  state_.store(goes_on ? CAIRN_CONTROL_WRITING : CAIRN_CONTROL_SAVING);
  if (goes_on) group_.release(0);
  const std::vector<CheckpointStatistics> statistics = group_.finish(kWriteTimeout);
  check_cancelled();
  if (tree_) tree_->write_index(statistics, group_.members(), request_.parameters.sync);
  target_->commit();
  if (goes_on) wait_for_callbacks(timeout_of(request_));
  answer(success(statistics));
  state_.store(CAIRN_CONTROL_DONE);
  if (!goes_on) end_with_signal();
}

void ControlJob::lead_tree(group::Request& request) {
  if (request_.parameters.save_files)
    throw PermanentError("--save-files: contents of files cannot be saved yet for a process with children");
  tree_.emplace(request_, target_->directory(), state::standard_files());
  tree_->leave_out(command_);
  request.all_stand = [this] {
    check_cancelled();
    tree_->check_standing();
  };
}

// Nothing is done here between the signals: the second one is for this thread as well.
void ControlJob::stop_again(int signal) const {
  if (!was_stopped() || signal == SIGCONT) return;
  if (signal != 0) kill(getpid(), signal);
  kill(getpid(), SIGSTOP);
}

// The signal is there before any thread of the program runs again, so the image is the last it has done.
void ControlJob::end_with_signal() {
  stop_again(request_.signal);
  group_.release(0, request_.signal);
}

}  // namespace cairn::host
