// SPDX-License-Identifier: Apache-2.0
// One request for a checkpoint, from its beginning to its reply. See coordinator.hpp.
#include <chrono>
#include <filesystem>

#include "core/base/error.hpp"
#include "pmix/coordinator/coordinator.hpp"

namespace cairn::pmix {
namespace {

constexpr double kMaxTimeout = 7 * 24 * 3600;
constexpr double kSurveySeconds = 2.5;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Record failed(int code, const std::string& text) { return Record("failed").set("code", code).set("text", text); }

manifest::Rank rank_of(const Record& r, const std::string& path) {
  manifest::Rank rank;
  rank.pid = r.get_u64("pid");
  rank.host = r.get("host");
  rank.path = path;
  rank.bytes = r.get_u64("bytes");
  rank.checksum = r.get_u64("checksum");
  rank.pages_seen = r.get_u64("pages_seen");
  rank.pages_stored = r.get_u64("pages_stored");
  rank.callback_seconds = r.get_double("callback_seconds");
  rank.stop_seconds = r.get_double("stop_seconds");
  rank.pause_seconds = r.get_double("pause_seconds");
  rank.write_seconds = r.get_double("write_seconds");
  return rank;
}

}  // namespace

struct Coordinator::Attempt {
  std::uint64_t id = 0, sequence = 0;
  bool begun = false, term = false, stop = false;
  double start = 0;
  std::shared_ptr<SecureLink> link;
};

Record Coordinator::check_startable() const {
  if (running_id_ != 0) {
    return failed(CAIRN_EXIT_TEMPORARY, "busy: another checkpoint of this job has been running for " +
                                            std::to_string(static_cast<int>(now() - running_since_)) +
                                            " s; ask again when it is done");
  }
  if (over()) return failed(CAIRN_EXIT_TEMPORARY, "the job is ending; there is nothing left to checkpoint");
  if (!link_) return failed(CAIRN_EXIT_TEMPORARY, "rank 0 has not come back from MPI_Init yet; ask again later");
  if (spawned_) {
    return failed(CAIRN_EXIT_PERMANENT,
                  "the job has started further MPI processes by MPI_Comm_spawn: such jobs cannot be checkpointed");
  }
  return {};
}

Record Coordinator::begin_attempt(const Record& request, Attempt& attempt) {
  {
    const std::lock_guard lock(mutex_);
    if (Record refusal = check_startable(); !refusal.type().empty()) return refusal;
    attempt.id = running_id_ = next_id_++;
    attempt.start = running_since_ = now();
    attempt.link = link_;
    attempt.term = request.get_bool("term");
    attempt.stop = request.get_bool("stop");
    settings_.job.ranks = size_;
    results_.reset();
    refusal_.reset();
  }
  try {
    {
      const std::lock_guard lock(store_mutex_);
      attempt.sequence = store_.begin(settings_.job);
      attempt.begun = true;
    }
    Record order("checkpoint");
    order.set("id", attempt.id)
        .set("term", attempt.term)
        .set("timeout", request.get_double("timeout", settings_.timeout));
    order.set("directory", store_.path(attempt.sequence)).set("objects", store_.objects());
    order.set("engine", settings_.engine).set("compress", settings_.compress).set("fork", settings_.fork);
    attempt.link->send(order);
  } catch (const Error& e) {
    return failed(e.code(), e.what());
  }
  return {};
}

void Coordinator::run_attempt(const Record& request, Reply reply) {
  Attempt attempt;
  const double timeout = std::min(request.get_double("timeout", settings_.timeout), kMaxTimeout);
  Record answer = begin_attempt(request, attempt);
  if (attempt.id == 0) {
    reply(answer);
    return;
  }
  const bool nowait = request.get_bool("nowait") && answer.type().empty();
  if (nowait) {
    reply(Record("started").set("sequence", attempt.sequence).set("snapshot", store_.directory()));
    reply = settings_.report ? [this](const Record& r) {
      if (r.type() == "failed") settings_.report("checkpoint failed: " + r.get("text"));
    } : Reply([](const Record&) {});
  }
  // The answer has to be there in time, and asking the ranks why takes a part of it.
  const double last_words = std::min(kSurveySeconds, 0.3 * timeout);
  if (answer.type().empty()) answer = await_results(attempt, timeout - last_words);
  Record reason;
  if (answer.type().empty()) {
    reason = timed_out(timeout, last_words);
    answer = await_results(attempt, 0);
  }
  const bool gave_up = answer.type().empty();
  if (gave_up) {
    reply(reason);
    await_late_results(attempt);
  }
  finish_attempt(attempt);
  if (!gave_up) reply(answer);
  if (answer.type() == "done" && attempt.stop && settings_.stop_job) settings_.stop_job();
}

// An empty record: the time is over.
Record Coordinator::await_results(Attempt& attempt, double timeout) {
  std::unique_lock lock(mutex_);
  const auto mine = [&] { return results_ && results_->get_u64("id") == attempt.id; };
  const bool in_time =
      changed_.wait_for(lock, std::chrono::duration<double>(timeout), [&] { return mine() || refusal_ || over(); });
  if (mine()) {
    lock.unlock();
    return conclude(attempt);
  }
  if (refusal_) return failed(CAIRN_EXIT_TEMPORARY, refusal_->get("text"));
  if (in_time) {
    // The link breaks a moment before mpirun has collected its child and knows why.
    changed_.wait_for(lock, std::chrono::seconds(5), [this] { return ended_; });
    return failed(CAIRN_EXIT_TEMPORARY,
                  "the job ended during the checkpoint" + (how_ended_.empty() ? "" : ": " + how_ended_));
  }
  return {};
}

Record Coordinator::conclude(Attempt& attempt) {
  const Record results = *results_;  // nobody replaces it while this attempt runs
  manifest::Sequence sequence;
  sequence.taken = manifest::iso_time_now();
  sequence.seconds = now() - attempt.start;
  sequence.engine = settings_.engine;
  sequence.compress = settings_.compress;
  std::string failures;
  int code = 0;
  for (std::uint64_t r = 0; r < size_; ++r) {
    const Record one = Record::decode(
        results.get("r" + std::to_string(r), Record("result").set("code", 1).set("text", "no result").encode()));
    if (const int c = static_cast<int>(one.get_u64("code", 1)); c != 0) {
      code = std::max(code, c);
      failures += (failures.empty() ? "" : "\n") + ("rank " + std::to_string(r)) + " on " + one.get("host") + ": " +
                  one.get("text");
    }
    sequence.ranks.push_back(rank_of(one, std::to_string(attempt.sequence) + "/rank_" + std::to_string(r) + ".ctx"));
  }
  Record answer("done");
  if (code != 0) {
    answer = failed(code, failures);
  } else {
    std::uint64_t bytes = 0;
    for (const auto& rank : sequence.ranks) bytes += rank.bytes;
    answer.set("sequence", attempt.sequence)
        .set("snapshot", store_.directory())
        .set("bytes", bytes)
        .set("seconds", sequence.seconds);
    try {
      const std::lock_guard lock(store_mutex_);
      store_.commit(attempt.sequence, std::move(sequence));
      attempt.begun = false;
      if (settings_.keep > 0) store_.prune(settings_.keep);
    } catch (const Error& e) {
      answer = failed(e.code(), e.what());
    }
  }
  if (attempt.term) {
    const bool commit = !attempt.begun && answer.type() == "done";
    {
      const std::lock_guard lock(mutex_);
      stopped_ = commit;
    }
    try {
      attempt.link->send(Record("decision").set("n", results.get_u64("n")).set("commit", commit));
    } catch (const Error&) {
      // The ranks do not hear of it and go on.
      const std::lock_guard lock(mutex_);
      stopped_ = false;
    }
  }
  return answer;
}

Record Coordinator::timed_out(double timeout, double patience) {
  std::string text = "no result after " + std::to_string(static_cast<int>(timeout)) + " s; the job goes on. ";
  const auto answers = survey(0.8 * patience, 0.2 * patience);
  if (!answers) {
    text += "Rank 0 does not answer (stopped? its node gone?)";
  } else {
    std::string silent, states;
    for (std::uint64_t r = 0; r < size_; ++r) {
      const std::string name = "r" + std::to_string(r);
      if (!answers->has(name)) {
        silent += (silent.empty() ? "" : ", ") + std::to_string(r);
        continue;
      }
      const Record state = Record::decode(answers->get(name));
      states += "\n  rank " + std::to_string(r) + ": " + state.get("phase") +
                (state.get("text").empty() ? "" : ", " + state.get("text"));
    }
    text += silent.empty() ? "All ranks answer, but are not done:" + states
                           : "Silent (stopped? node gone?): rank " + silent;
  }
  return failed(CAIRN_EXIT_TEMPORARY, text);
}

// The ranks cannot be called back from a fence that a silent rank keeps open: until they are through, no other
// request can be served. With `term`, the decision that rank 0 waits for is "go on".
void Coordinator::await_late_results(Attempt& attempt) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return (results_ && results_->get_u64("id") == attempt.id) || refusal_ || over(); });
  if (!results_ || !attempt.term) return;
  const std::uint64_t n = results_->get_u64("n");
  lock.unlock();
  try {
    attempt.link->send(Record("decision").set("n", n).set("commit", false));
  } catch (const Error&) {
    // Rank 0 gives up waiting by itself and the job goes on.
  }
}

void Coordinator::finish_attempt(Attempt& attempt) {
  {
    const std::lock_guard lock(store_mutex_);
    if (attempt.begun) store_.discard(attempt.sequence);
  }
  const std::lock_guard lock(mutex_);
  running_id_ = 0;
  changed_.notify_all();
}

}  // namespace cairn::pmix
