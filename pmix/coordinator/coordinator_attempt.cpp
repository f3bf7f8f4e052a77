// SPDX-License-Identifier: Apache-2.0
// One attempt at a checkpoint, from what a tool wishes to its answer. See coordinator.hpp.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "core/abi/rank_file.hpp"
#include "core/base/error.hpp"
#include "pmix/coordinator/coordinator.hpp"
#include "pmix/manifest/former_snapshots.hpp"
#include "pmix/manifest/wrappers.hpp"

namespace cairn::pmix {
namespace {

constexpr double kMaxTimeout = 7 * 24 * 3600;
constexpr double kSurveySeconds = 2.5;
constexpr double kSurveyMargin = 2;
constexpr std::chrono::seconds kEndOfJob{5};

constexpr char kNoMoreMpi[] =
    "all ranks of the job have called MPI_Finalize: what they do after it cannot be checkpointed any more";

Record failed(int code, const std::string& text) { return to_record(Failed{code, text}); }

RankResult result_of(const Results& results, std::uint64_t rank) {
  const auto found = results.ranks.find(rank);
  return found != results.ranks.end() ? found->second : RankResult();
}

// A rank says why, and need not be told of by those that have heard it.
bool reason_is_known(const Results& results, std::uint64_t size) {
  for (std::uint64_t r = 0; r < size; ++r)
    if (const RankResult one = result_of(results, r); one.code != CAIRN_EXIT_OK && !one.follows) return true;
  return false;
}

// What failed, with the first rank that says so; the code is the worst.
Failed failures_of(const Results& results, std::uint64_t size) {
  struct Said {
    std::string text, who;
    std::uint64_t more = 0;
  };
  Failed failures{CAIRN_EXIT_OK, {}};
  const bool known = reason_is_known(results, size);
  std::vector<Said> all;
  for (std::uint64_t r = 0; r < size; ++r) {
    const RankResult one = result_of(results, r);
    if (one.code == CAIRN_EXIT_OK) continue;
    failures.code = std::max(failures.code, one.code);
    if (known && one.follows) continue;
    if (failures.rank < 0) failures.rank = static_cast<std::int64_t>(r);
    const auto same = std::find_if(all.begin(), all.end(), [&](const Said& s) { return s.text == one.text; });
    if (same != all.end())
      ++same->more;
    else
      all.push_back({one.text, "rank " + std::to_string(r) + " on " + one.host});
  }
  for (const Said& s : all) {
    const std::string more = s.more == 0 ? "" : " (and " + std::to_string(s.more) + " more)";
    failures.text += (failures.text.empty() ? "" : "\n") + s.who + more + ": " + s.text;
  }
  return failures;
}

}  // namespace

struct Coordinator::Attempt {
  std::uint64_t id = 0, sequence = 0;
  bool begun = false, term = false, stop = false, save_files = false;
  double timeout = 0;
  Stopwatch since_start;
  std::shared_ptr<SecureLink> link;
};

// Asking again does not help. With mutex_ held.
std::string Coordinator::why_over() const {
  if (ended_ || !closed_) return "the job has ended: there is nothing left to checkpoint";
  if (to_end_after_ != 0 && to_end_after_ != went_on_after_)
    return "the job has been checkpointed, and is ending, as was asked for";
  return kNoMoreMpi;
}

void Coordinator::check_startable() const {
  if (running_id_ != 0) {
    throw TemporaryError("busy: another checkpoint of this job has been running for " +
                         std::to_string(static_cast<int>(since_start_.seconds())) + " s; ask again when it is done");
  }
  if (over()) throw PermanentError(why_over());
  if (!link_) {
    throw TemporaryError(settings_.job.restarted_from.empty()
                             ? "rank 0 has not called MPI_Init, or has not come back from it yet; ask again later (a "
                               "program that does not use MPI never will: cr_run and cr_checkpoint are for it)"
                             : "rank 0 has not come back from its restart yet; ask again later");
  }
  if (rank_0_is_stopped()) {
    throw TemporaryError("the job is stopped (rank 0, process " + std::to_string(rank_0_) + "): fg, or kill -CONT " +
                         std::to_string(::getpid()) + ", lets it go on");
  }
  if (spawned_ != 0) {
    throw TemporaryError("the job has started further MPI processes by MPI_Comm_spawn, which have not ended");
  }
}

// Makes this attempt the one that runs.
void Coordinator::reserve(const CheckpointWish& wish, Attempt& attempt) {
  std::unique_lock lock(mutex_);
  const auto withdrawn = [&] { return !wish.ticket.empty() && waiting_.count(wish.ticket) == 0; };
  if (wish.patient) changed_.wait(lock, [&] { return running_id_ == 0 || over() || withdrawn(); });
  if (withdrawn()) throw TemporaryError(kWithdrawn);
  waiting_.erase(wish.ticket);
  check_startable();
  attempt.id = running_id_ = next_id_++;
  attempt.since_start = since_start_ = Stopwatch();
  attempt.link = link_;
  attempt.term = wish.term;
  attempt.stop = wish.stop;
  attempt.save_files = wish.save_files || settings_.parameters.save_files;
  attempt.timeout = std::min(wish.timeout > 0 ? wish.timeout : settings_.parameters.timeout, kMaxTimeout);
  settings_.job.ranks = size_;
  ticket_ = wish.ticket;
  withdrawn_ = completing_ = false;
  results_.reset();
  refusal_.reset();
}

void Coordinator::send_order(Attempt& attempt) {
  CheckpointOrder order;
  {
    const std::lock_guard lock(store_mutex_);
    attempt.sequence = store_.begin(settings_.job);
    attempt.begun = true;
    order.directory = store_.path(attempt.sequence);
    order.objects = store_.objects();
  }
  order.id = attempt.id;
  order.term = attempt.term;
  order.parameters = settings_.parameters;
  order.parameters.timeout = attempt.timeout;
  order.parameters.save_files = attempt.save_files;
  attempt.link->send(to_record(order));
}

void Coordinator::run_attempt(const CheckpointWish& wish, const Reply& wanted) {
  Attempt attempt;
  Reply reply = wanted;
  std::optional<Record> answer;
  try {
    reserve(wish, attempt);
    send_order(attempt);
    if (wish.nowait) reply = answer_at_once(attempt, wanted);
  } catch (const std::exception& e) {
    answer = failed(code_of(e), e.what());
  }
  if (attempt.id == 0) {
    reply(*answer);
    return;
  }
  // The answer has to be there in time, and asking the ranks why takes a part of it.
  const double last_words = std::min(kSurveySeconds, 0.3 * attempt.timeout);
  if (!answer) answer = await_results(attempt, attempt.timeout - last_words);
  if (!answer) {
    const Failed reason =
        is_withdrawn() ? Failed{CAIRN_EXIT_TEMPORARY, kWithdrawn} : timed_out(attempt.timeout, last_words);
    answer = await_results(attempt, 0);
    if (!answer) {
      note_result(attempt, to_record(reason));
      reply(to_record(reason));
      await_late_results(attempt);
    }
  }
  if (answer) note_result(attempt, *answer);
  const bool done = answer && is<Done>(*answer);
  // Removing old snapshots may take long. A job that ends now takes this mpirun with it, and whoever asked is to hear
  // of the new one before.
  const bool answer_first = done && attempt.term;
  if (answer_first) reply(*answer);
  if (done) prune();
  finish_attempt(attempt);
  // Before whoever asked hears of it, and wakes the job up again.
  if (done && attempt.stop && settings_.stop_job) settings_.stop_job();
  if (answer && !answer_first) reply(*answer);
}

// For those who ask for the state of the job later.
void Coordinator::note_result(const Attempt& attempt, const Record& answer) {
  const std::lock_guard lock(mutex_);
  if (is<Done>(answer)) {
    history_.last_sequence = attempt.sequence;
    history_.last_taken = manifest::iso_time_now();
  } else if (is<Failed>(answer)) {
    history_.failed_at = manifest::iso_time_now();
    history_.failure = from_record<Failed>(answer).text;
  }
}

// Answers that the attempt has begun; what comes of it is reported instead, if it fails.
Coordinator::Reply Coordinator::answer_at_once(const Attempt& attempt, const Reply& reply) const {
  reply(to_record(Started{attempt.sequence, store_.directory()}));
  return [report = settings_.report](const Record& answer) {
    if (!report) return;
    if (is<Failed>(answer)) report("checkpoint failed: " + from_record<Failed>(answer).text);
    if (!is<Done>(answer)) return;
    if (const std::string note = from_record<Done>(answer).note; !note.empty()) report(note);
  };
}

// Nothing: the time is over, or it has been withdrawn.
std::optional<Record> Coordinator::await_results(Attempt& attempt, double seconds) {
  std::unique_lock lock(mutex_);
  const auto mine = [&] { return results_ && results_->id == attempt.id; };
  const bool in_time = changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                                         [&] { return mine() || refusal_ || over() || withdrawn_; });
  if (mine()) {
    const Results results = *results_;
    lock.unlock();
    return conclude(attempt, results);
  }
  if (refusal_) return failed(CAIRN_EXIT_PERMANENT, kNoMoreMpi);
  if (!in_time || !over()) return std::nullopt;
  // The link breaks a moment before mpirun has collected its child and knows why.
  changed_.wait_for(lock, kEndOfJob, [this] { return ended_; });
  return failed(CAIRN_EXIT_PERMANENT,
                "the job ended during the checkpoint" + (how_ended_.empty() ? "" : ": " + how_ended_));
}

Record Coordinator::conclude(Attempt& attempt, const Results& results) {
  const Failed failures = failures_of(results, size_);
  const Record answer = failures.code != CAIRN_EXIT_OK ? to_record(failures)
                        : !begin_completion()          ? failed(CAIRN_EXIT_TEMPORARY, kWithdrawn)
                        : attempt.term                 ? commit_the_end(attempt, results)
                                                       : commit(attempt, describe_sequence(attempt, results));
  if (attempt.term) decide(attempt, results.entry, is<Done>(answer));
  return answer;
}

// The ranks stand meanwhile. Those that have waited long enough ask, and go on if this has not begun: then it never
// does. Who asks later is told what has become of it.
Record Coordinator::commit_the_end(Attempt& attempt, const Results& results) {
  const auto end = std::make_pair(results.entry, kStepOfEnd);
  {
    const std::lock_guard lock(mutex_);
    if (verdicts_.count(end) != 0)
      return failed(CAIRN_EXIT_TEMPORARY, "a rank was so late that the others have gone on; nothing was saved");
    committing_ = results.entry;
  }
  const Record answer = commit(attempt, describe_sequence(attempt, results));
  const std::lock_guard lock(mutex_);
  verdicts_[end] = is<Done>(answer);
  committing_ = 0;
  changed_.notify_all();
  return answer;
}

manifest::Sequence Coordinator::describe_sequence(const Attempt& attempt, const Results& results) const {
  manifest::Sequence sequence;
  sequence.taken = manifest::iso_time_now();
  sequence.seconds = attempt.since_start.seconds();
  sequence.parameters = settings_.parameters;
  for (const auto& [number, result] : results.ranks) {
    manifest::Rank rank;
    rank.pid = result.pid;
    rank.host = result.host;
    rank.engine = result.engine;
    rank.wrapper = result.wrapper;
    rank.path = std::to_string(attempt.sequence) + "/" + rank_file_name(number);
    rank.statistics = result.statistics;
    rank.members = result.members;
    rank.tree_bytes = result.tree_bytes;
    rank.tree_checksum = result.tree_checksum;
    sequence.ranks.push_back(std::move(rank));
  }
  sequence.parameters.engine = sequence.engines();  // what was asked for may have been "auto"
  return sequence;
}

Record Coordinator::commit(Attempt& attempt, manifest::Sequence sequence) {
  Done done{attempt.sequence, sequence.bytes(), store_.directory(), sequence.seconds, sequence.engines(), {}};
  std::string note = manifest::note_of_wrappers(sequence);
  try {
    const std::lock_guard lock(store_mutex_);
    store_.commit(attempt.sequence, std::move(sequence));
    attempt.begun = false;
  } catch (const std::exception& e) {
    return failed(code_of(e), e.what());
  }
  if (!note.empty() && !told_of_wrappers_.exchange(true)) done.note = std::move(note);
  return to_record(done);
}

// The new snapshot is whole whatever becomes of the old ones. No rank stands meanwhile: the end has been decided.
void Coordinator::prune() {
  if (settings_.keep == 0) return;
  try {
    const std::lock_guard lock(store_mutex_);
    store_.prune(settings_.keep);
    manifest::prune_former(store_.directory(), settings_.job, store_.manifest().sequences.size(), settings_.keep);
  } catch (const std::exception& e) {
    if (settings_.report) settings_.report(std::string("old snapshots stay where they are: ") + e.what());
  }
}

void Coordinator::decide(const Attempt& attempt, std::uint64_t entry, bool commit) {
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    to_end_after_ = commit ? entry : 0;
    late = commit && entry == went_on_after_;
  }
  try {
    attempt.link->send(to_record(Decision{entry, commit}));
  } catch (const Error&) {
    // The ranks do not hear of it and go on.
    const std::lock_guard lock(mutex_);
    to_end_after_ = 0;
  }
  if (late) report_late_end();
}

void Coordinator::report_late_end() const {
  if (settings_.report)
    settings_.report("mpirun was so late that the job has gone on; its snapshot is whole, but it has not ended");
}

Failed Coordinator::timed_out(double timeout, double patience) {
  std::string text = "no result after " + std::to_string(static_cast<int>(timeout)) + " s; the job goes on. ";
  const auto answers = survey(0.8 * patience, kSurveyMargin);
  if (!answers) return {CAIRN_EXIT_TEMPORARY, text + "Rank 0 does not answer (stopped? its node gone?)", 0};
  std::int64_t first_silent = -1;
  std::string silent, states;
  for (std::uint64_t r = 0; r < size_; ++r) {
    const auto found = answers->ranks.find(r);
    if (found == answers->ranks.end()) {
      if (silent.empty()) first_silent = static_cast<std::int64_t>(r);
      silent += (silent.empty() ? "" : ", ") + std::to_string(r);
      continue;
    }
    const RankState& state = found->second;
    states += "\n  rank " + std::to_string(r) + ": " + state.phase + (state.text.empty() ? "" : ", " + state.text);
  }
  text +=
      silent.empty() ? "All ranks answer, but are not done:" + states : "Silent (stopped? node gone?): rank " + silent;
  return {CAIRN_EXIT_TEMPORARY, text, first_silent};
}

// The ranks cannot be called back from a fence that a silent rank keeps open: until they are through, no other
// request can be served. With `term`, the decision that rank 0 waits for is "go on".
void Coordinator::await_late_results(Attempt& attempt) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return (results_ && results_->id == attempt.id) || refusal_ || over(); });
  if (!results_ || !attempt.term) return;
  const std::uint64_t entry = results_->entry;
  lock.unlock();
  decide(attempt, entry, false);
}

void Coordinator::finish_attempt(Attempt& attempt) {
  {
    const std::lock_guard lock(store_mutex_);
    if (attempt.begun) store_.discard(attempt.sequence);
  }
  const std::lock_guard lock(mutex_);
  running_id_ = 0;
  ticket_.clear();
  changed_.notify_all();
}

}  // namespace cairn::pmix
