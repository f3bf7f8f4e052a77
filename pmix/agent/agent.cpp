// SPDX-License-Identifier: Apache-2.0
// Life of the agent, its answers to surveys, and the interface for crcp. Requests are served in agent_serve.cpp.
#include "pmix/agent/agent.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/base/error.hpp"
#include "pmix/agent/host_thread.hpp"

namespace cairn::pmix {

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

Agent::Agent(std::unique_ptr<Transport> transport, std::unique_ptr<group::Group> group,
             std::optional<CoordinatorAddress> coordinator, std::function<void()> end_job)
    : transport_(std::move(transport)),
      group_(group ? std::move(group)
                   : std::make_unique<group::Group>([this](const auto& known) { return tree_.find(known); })),
      end_job_(std::move(end_job)),
      ballot_(coordinator) {
  if (transport_->rank() == 0 && coordinator) {
    Hello hello;
    hello.job = transport_->job();
    hello.host = host_name();
    hello.size = static_cast<std::uint64_t>(transport_->size());
    hello.pid = static_cast<std::uint64_t>(::getpid());
    AgentLink::Orders& orders = *this;
    link_ = std::make_unique<AgentLink>(*coordinator, hello, orders);
  }
}

Agent::~Agent() = default;

void Agent::start_threads() {
  start_host_thread("cairn-agent", [this] { log_loop(); });
  start_host_thread("cairn-answer", [this] { answer_loop(); });
  ballot_.start();
  if (link_) link_->start();
}

void Agent::guest_ready() {
  const std::lock_guard lock(state_mutex_);
  ready_ = true;
  state_changed_.notify_all();
}

bool Agent::wait_until_ready(double seconds) {
  std::unique_lock lock(state_mutex_);
  return state_changed_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return ready_; });
}

void Agent::phase(const std::string& name) {
  const std::lock_guard lock(state_mutex_);
  phase_ = name;
  progress_.clear();
  activity_ = {};
  stacks_.clear();
  in_phase_ = Stopwatch();
}

// What is asked for from here on finds no places; a search that has begun is at its end.
void Agent::forget_activity() {
  const std::lock_guard no_search(place_mutex_);
  const std::lock_guard lock(state_mutex_);
  activity_ = {};
  stacks_.clear();
}

void Agent::log_loop() {
  try {
    for (std::uint64_t n = 1;; ++n) {
      std::string text;
      while (!transport_->wait(n, 3600, text)) {
      }
      const Record entry = Record::decode(text);
      if (is<CloseEntry>(entry)) break;
      serve(n, from_record<CheckpointOrder>(entry));
    }
  } catch (const std::exception&) {
    // The job's runtime is gone, and the job with it: nothing more can be agreed.
  }
  leave();
}

void Agent::answer_loop() {
  try {
    for (std::uint64_t n = 1;; ++n) {
      while (!transport_->wait_ping(n, 3600)) {
      }
      RankState mine;
      std::vector<CallPlace::Words> stacks;
      {
        const std::lock_guard no_capture(place_mutex_);
        std::unique_lock lock(state_mutex_);
        mine = activity_;
        stacks = stacks_;
        mine.phase = phase_;
        mine.text = progress_;
        mine.seconds = in_phase_.seconds();
        if (phase_ == kWriting) mine.bytes = group_->bytes_so_far();
        lock.unlock();
        for (auto& [number, thread] : mine.threads) thread.at = place_.of(stacks[number]);
      }
      const std::lock_guard lock(answer_mutex_);
      if (left_) return;
      transport_->answer_ping(n, to_record(mine).encode());
    }
  } catch (const std::exception&) {
    // As above; also the end of a wait that leave() has cut short.
  }
}

void Agent::leave() {
  const std::lock_guard lock(answer_mutex_);
  if (left_) return;
  left_ = true;
  if (link_) {
    link_->send(Closed());
    link_->shut_down();
  }
  transport_->leave();
  closed_.store(true);
}

// --- orders of the coordinator ---

bool Agent::append(const CheckpointOrder& order) {
  const std::lock_guard lock(append_mutex_);
  if (closing_) return false;
  transport_->notify(next_entry_, to_record(order).encode());
  ++next_entry_;
  return true;
}

void Agent::decide(const Decision& decision) {
  const std::lock_guard lock(state_mutex_);
  decided_ = decision;
  state_changed_.notify_all();
}

SurveyAnswer Agent::survey(const SurveyQuestion& question) {
  SurveyAnswer answer;
  answer.id = question.id;
  for (const auto& [rank, text] : transport_->ask_all(question.id, question.seconds)) {
    try {
      answer.ranks[static_cast<std::uint64_t>(rank)] = from_record<RankState>(Record::decode(text));
    } catch (const Error&) {
      // As if it had said nothing.
    }
  }
  return answer;
}

// --- for crcp ---

int Agent::request(cairn_agent_request& out) {
  const std::lock_guard lock(state_mutex_);
  if (!current_) return -ENOENT;
  out = *current_;
  return 0;
}

int Agent::fence_begin(const void* data, std::uint64_t n) {
  const std::lock_guard lock(fence_mutex_);
  if (stood_in_) return -ECANCELED;
  if (fence_open_) return -EBUSY;
  try {
    transport_->gather_begin({static_cast<const std::byte*>(data), static_cast<std::size_t>(n)});
  } catch (const std::exception&) {
    return -EPIPE;
  }
  fence_open_ = true;
  ++fences_;
  return 0;
}

int Agent::fence_test() {
  const std::lock_guard lock(fence_mutex_);
  if (!fence_open_) return -EINVAL;
  try {
    if (!transport_->gather_test()) return 0;
  } catch (const std::exception&) {
    return -EPIPE;
  }
  fence_open_ = false;
  return 1;
}

int Agent::part(int rank, void* buffer, std::uint64_t capacity, std::uint64_t& n) {
  const std::lock_guard lock(fence_mutex_);
  if (rank < 0 || rank >= transport_->size()) return -EINVAL;
  const auto& bytes = transport_->part(rank);
  n = bytes.size();
  if (!bytes.empty()) std::memcpy(buffer, bytes.data(), std::min<std::size_t>(capacity, bytes.size()));
  return 0;
}

int Agent::verdict(std::uint64_t step, bool pass) {
  Vote vote{transport_->job(), 0, step, pass};
  {
    const std::lock_guard lock(state_mutex_);
    if (!current_) return -ENOENT;
    vote.entry = current_->id;
  }
  const auto verdict = ballot_.ask(vote);
  return !verdict ? CAIRN_AGENT_UNDECIDED : verdict->passed ? CAIRN_AGENT_PASSED : CAIRN_AGENT_OVER;
}

void Agent::progress(const std::string& text) {
  const std::lock_guard lock(state_mutex_);
  progress_ = text;
}

void Agent::doing(std::span<const cairn_agent_activity> threads, const std::string& late_on) {
  RankState told;
  std::vector<CallPlace::Words> stacks;
  for (const cairn_agent_activity& t : threads) {
    told.threads[stacks.size()] = {t.call, t.object, t.peers, {}, t.comm, t.round};
    stacks.push_back(CallPlace::read_stack(t.frame));
  }
  told.late_on = late_on;
  const std::lock_guard lock(state_mutex_);
  activity_ = std::move(told);
  stacks_ = std::move(stacks);
}

void Agent::gives_up(const std::string& own) {
  const std::lock_guard lock(state_mutex_);
  given_up_ = own;
}

void Agent::want_close() {
  if (transport_->rank() != 0) return;
  const std::lock_guard lock(append_mutex_);
  if (closing_) return;
  closing_ = true;
  try {
    transport_->notify(next_entry_++, to_record(CloseEntry()).encode());
  } catch (const std::exception&) {
    leave();
  }
}

}  // namespace cairn::pmix
