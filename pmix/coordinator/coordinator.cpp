// SPDX-License-Identifier: Apache-2.0
// The coordinator's threads, its link to rank 0's agent, and what it answers at once. Requests for a checkpoint are
// carried out in coordinator_attempt.cpp.
#include "pmix/coordinator/coordinator.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <system_error>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/proc.hpp"
#include "pmix/transport/coordinator_address.hpp"

namespace cairn::pmix {
namespace {

constexpr double kHandshakeSeconds = 10;
constexpr std::chrono::milliseconds kShortage{50};

std::string own_host() {
  char name[256] = {};
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

// By job control (SIGSTOP, SIGTSTP, ...).
bool is_stopped(pid_t pid) {
  const auto fields = stat_fields("/proc/" + std::to_string(pid) + "/stat");
  return !fields.empty() && (fields[0] == "T" || fields[0] == "t");
}

}  // namespace

bool Coordinator::rank_0_is_stopped() const { return rank_0_ != 0 && is_stopped(rank_0_); }

Coordinator::Coordinator(Settings settings)
    : settings_(std::move(settings)),
      key_(make_link_key()),
      listener_(listen_tcp(port_)),
      store_(settings_.parent_directory + "/" + manifest::snapshot_name(static_cast<std::uint64_t>(::getpid()))) {}

std::map<std::string, std::string> Coordinator::environment() const {
  return CoordinatorAddress{local_addresses(), port_, key_}.to_environment();
}

void Coordinator::start() {
  since_job_ = Stopwatch();
  std::thread([this] { accept_loop(); }).detach();
}

void Coordinator::accept_loop() {
  for (;;) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EBADF || errno == EINVAL) return;
      // Descriptors or memory are short: others will give some back. The rest is the connection's own fault.
      if (code_of_errno(errno) == CAIRN_EXIT_TEMPORARY && errno != EINTR) std::this_thread::sleep_for(kShortage);
      continue;
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    // A thread each: somebody who connects and says nothing must not keep the agent out. If there is none to be had
    // now, whoever connected sees that it is not served, and agents try again.
    try {
      std::thread([this, s = std::make_shared<UniqueFd>(std::move(socket))] { serve_link(std::move(*s)); }).detach();
    } catch (const std::system_error&) {
      std::this_thread::sleep_for(kShortage);
    }
  }
}

void Coordinator::serve_link(UniqueFd socket) {
  std::shared_ptr<SecureLink> link;
  bool first_job = false, spawned = false;
  try {
    link = std::make_shared<SecureLink>(std::move(socket), key_, true, kHandshakeSeconds);
    const auto first = link->receive(kHandshakeSeconds);
    if (first && is<Vote>(*first)) {
      if (const auto verdict = judge(from_record<Vote>(*first))) link->send(to_record(*verdict));
      return;
    }
    if (!first || !is<Hello>(*first)) return;
    const auto hello = from_record<Hello>(*first);
    {
      const std::lock_guard lock(mutex_);
      first_job = job_name_.empty();
      if (first_job) {
        job_name_ = hello.job;
        size_ = hello.size;
        history_.crossing = hello.crossing;
        if (hello.host == own_host()) rank_0_ = static_cast<pid_t>(hello.pid);
        link_ = link;
        had_link_ = true;
      } else {
        spawned = true;
        ++spawned_;
      }
      changed_.notify_all();
    }
    for (;;) {
      if (const auto message = link->receive(-1); message && first_job) receive(*message);
    }
  } catch (const std::exception&) {
    // The agent is gone, or it was none.
  }
  const std::lock_guard lock(mutex_);
  if (first_job) link_.reset();
  if (spawned) --spawned_;
  changed_.notify_all();
}

void Coordinator::receive(const Record& message) {
  std::unique_lock lock(mutex_);
  bool late_end = false;
  if (is<Results>(message)) {
    results_ = from_record<Results>(message);
  } else if (is<SurveyAnswer>(message)) {
    survey_ = from_record<SurveyAnswer>(message);
  } else if (is<Refused>(message)) {
    refusal_ = from_record<Refused>(message);
  } else if (is<Closed>(message)) {
    closed_ = true;
  } else if (is<Crossing>(message)) {
    history_.crossing = from_record<Crossing>(message).text;
  } else if (is<GoesOn>(message)) {
    went_on_after_ = from_record<GoesOn>(message).entry;
    late_end = went_on_after_ == to_end_after_;
  }
  changed_.notify_all();
  lock.unlock();
  if (late_end) report_late_end();
}

std::optional<Verdict> Coordinator::judge(const Vote& vote) {
  std::unique_lock lock(mutex_);
  if (vote.step == kStepOfEnd) changed_.wait(lock, [&] { return committing_ != vote.entry; });
  if (vote.job != job_name_) return std::nullopt;
  // All ranks are through with the entries before: they have met in this one.
  std::erase_if(verdicts_, [&](const auto& known) { return known.first.first < vote.entry; });
  const auto [decided, first] = verdicts_.try_emplace({vote.entry, vote.step}, vote.pass);
  return Verdict{vote.entry, vote.step, decided->second};
}

void Coordinator::job_ended(const std::string& how) {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  how_ended_ = how;
  changed_.notify_all();
}

bool Coordinator::settle(double seconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return running_id_ == 0; });
}

bool Coordinator::is_busy() const {
  const std::lock_guard lock(mutex_);
  return running_id_ != 0 || over() || rank_0_is_stopped();
}

bool Coordinator::checkpointed_and_stopped() const {
  const std::lock_guard lock(mutex_);
  return to_end_after_ != 0 && to_end_after_ != went_on_after_;
}

void Coordinator::request(const Record& request, Reply reply) {
  if (is<CheckpointWish>(request)) {
    note_waiting(from_record<CheckpointWish>(request).ticket);
    in_thread([this, wish = from_record<CheckpointWish>(request), reply] { run_attempt(wish, reply); }, reply);
  } else if (is<Withdrawal>(request)) {
    reply(withdraw(from_record<Withdrawal>(request)));
  } else if (is<JobStatus>(request)) {
    in_thread([this, reply] { reply(to_record(status())); }, reply);
  } else if (is<SequenceList>(request)) {
    in_thread([this, reply] { reply(to_record(list())); }, reply);  // it may have to wait for a commit
  } else {
    const std::string text = "mpirun's coordinator does not know the request '" + request.type() + "'";
    reply(to_record(Failed{CAIRN_EXIT_ARGUMENTS, text}));
  }
}

void Coordinator::note_waiting(const std::string& ticket) {
  const std::lock_guard lock(mutex_);
  if (!ticket.empty()) waiting_.insert(ticket);
}

Record Coordinator::withdraw(const Withdrawal& withdrawal) {
  const std::lock_guard lock(mutex_);
  const bool waits = waiting_.erase(withdrawal.ticket) > 0, runs = running_id_ != 0 && withdrawal.ticket == ticket_;
  if (!waits && (!runs || ticket_.empty()))
    return to_record(Failed{CAIRN_EXIT_PERMANENT, "no such request is being carried out"});
  if (!waits && completing_) return to_record(Failed{CAIRN_EXIT_PERMANENT, "its snapshot is being completed"});
  withdrawn_ |= runs;
  changed_.notify_all();
  return to_record(Withdrawn{});
}

bool Coordinator::is_withdrawn() const {
  const std::lock_guard lock(mutex_);
  return withdrawn_;
}

bool Coordinator::begin_completion() {
  const std::lock_guard lock(mutex_);
  completing_ = !withdrawn_;
  return completing_;
}

// A thread of its own for one request. If there is none to be had, that is the answer: the job must not suffer.
void Coordinator::in_thread(std::function<void()> serve, const Reply& reply) {
  try {
    std::thread(std::move(serve)).detach();
  } catch (const std::system_error& error) {
    reply(to_record(Failed{code_of(error), std::string("mpirun cannot serve the request now: ") + error.what()}));
  }
}

std::optional<SurveyAnswer> Coordinator::survey(double seconds, double margin) {
  const std::lock_guard one_at_a_time(survey_mutex_);  // rank 0 answers them in turn
  std::unique_lock lock(mutex_);
  const auto link = link_;
  if (!link) return std::nullopt;
  const std::uint64_t id = next_survey_++;
  survey_.reset();
  lock.unlock();
  try {
    link->send(to_record(SurveyQuestion{id, seconds}));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  lock.lock();
  changed_.wait_for(lock, std::chrono::duration<double>(seconds + margin),
                    [&] { return over() || (survey_ && survey_->id == id); });
  return survey_ && survey_->id == id ? survey_ : std::nullopt;
}

std::string Coordinator::state_of_job() const {
  if (running_id_ != 0) return "checkpointing";
  if (!had_link_) return settings_.job.restarted_from.empty() ? "starting" : "restarting";
  if (ended_ || (!link_ && !closed_)) return "ended";
  if (closed_) return "finalizing";
  return rank_0_is_stopped() ? "stopped" : "running";
}

JobStatus Coordinator::status() {
  JobStatus result;
  bool running = false, connected = false;
  {
    const std::lock_guard lock(mutex_);
    running = running_id_ != 0;
    connected = link_ != nullptr;
    result = history_;
    result.state = state_of_job();
    result.program = settings_.program;
    if (settings_.every > 0) result.next = settings_.every - std::fmod(since_job_.seconds(), settings_.every);
    result.seconds = running ? since_start_.seconds() : 0;
    result.size = size_;
  }
  if (!running || !connected) return result;
  const auto answers = survey(1, 2);
  RankState silent;
  silent.phase = "silent";
  if (!answers) {
    result.ranks[0] = silent;
    return result;
  }
  result.ranks = answers->ranks;
  for (std::uint64_t r = 0; r < result.size; ++r) result.ranks.emplace(r, silent);
  return result;
}

SequenceList Coordinator::list() const {
  const std::lock_guard lock(store_mutex_);
  SequenceList result;
  result.snapshot = store_.directory();
  for (const auto& [number, sequence] : store_.manifest().sequences)
    result.sequences[number] = {sequence.taken, sequence.seconds, sequence.bytes()};
  return result;
}

}  // namespace cairn::pmix
