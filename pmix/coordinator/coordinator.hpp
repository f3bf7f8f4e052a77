// SPDX-License-Identifier: Apache-2.0
// The coordinator of one job, inside our mpirun: takes requests, sends them to rank 0's agent, keeps deadlines,
// writes the manifest (docs/coordinator.md).
//
// Threads: one that accepts the agents' connection, one for each connection, one for each request. Public members may
// be called by any thread. One request at a time: a second one is answered "busy". Lives as long as its process.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "core/base/deadline.hpp"
#include "pmix/manifest/snapshot_store.hpp"
#include "pmix/transport/messages.hpp"
#include "pmix/transport/record_fields.hpp"
#include "pmix/transport/secure_link.hpp"

namespace cairn::pmix {

class Coordinator {
 public:
  struct Settings {
    std::string parent_directory;     // absolute; the snapshot directory is made in it
    CheckpointParameters parameters;  // the timeout is for requests that name none
    std::uint64_t keep = 0;           // newest sequences to keep; 0: all
    double every = 0;                 // seconds between the checkpoints that mpirun asks for; 0: none
    std::string program;              // for people
    manifest::Job job;
    std::function<void(const std::string&)> report;  // a line for mpirun's stderr
    std::function<void()> stop_job;                  // after a checkpoint with --stop
  };
  using Reply = std::function<void(const Record&)>;

  explicit Coordinator(Settings settings);

  // What the ranks need in their environment to find this coordinator.
  std::map<std::string, std::string> environment() const;
  // Throws why no snapshot can be made where they go.
  void check_directory() const { store_.check_possible(); }
  // Starts the threads: not before the job has been forked.
  void start();

  // A request of type "checkpoint" (term, stop, nowait, timeout), "withdraw", "status" or "list". Never blocks; `reply`
  // is called once, on some thread. A reply has type "done", "started", "withdrawn", "status", "list" or "failed"
  // (code, text).
  void request(const Record& request, Reply reply);
  // The job is over: whoever waits is told.
  void job_ended(const std::string& how);
  // Waits for the end of an attempt whose job has ended already: old snapshots are still being removed. False if it
  // takes longer.
  bool settle(double seconds);
  // A checkpoint is being taken, one that has failed is not over yet, the job is ending, or stopped: another would be
  // refused.
  bool is_busy() const;
  // True when the job ended because it was checkpointed and stopped.
  bool checkpointed_and_stopped() const;
  const std::string& snapshot() const { return store_.directory(); }

 private:
  struct Attempt;

  static void in_thread(std::function<void()> serve, const Reply& reply);
  void accept_loop();
  void serve_link(UniqueFd socket);
  void receive(const Record& message);
  // Of all votes for one entry and step the first decides.
  std::optional<Verdict> judge(const Vote& vote);
  std::string why_over() const;
  void check_startable() const;  // with mutex_ held; throws why no checkpoint can be started
  void reserve(const CheckpointWish& wish, Attempt& attempt);
  void send_order(Attempt& attempt);
  void run_attempt(const CheckpointWish& wish, const Reply& reply);
  Reply answer_at_once(const Attempt& attempt, const Reply& reply) const;
  std::optional<Record> await_results(Attempt& attempt, double seconds);
  static constexpr char kWithdrawn[] = "the request was withdrawn; nothing was saved, and the job goes on";
  void note_waiting(const std::string& ticket);
  Record withdraw(const Withdrawal& withdrawal);
  bool is_withdrawn() const;
  // From now on it cannot be withdrawn. False: it has been.
  bool begin_completion();
  Record conclude(Attempt& attempt, const Results& results);
  manifest::Sequence describe_sequence(const Attempt& attempt, const Results& results) const;
  Record commit(Attempt& attempt, manifest::Sequence sequence);
  void prune();
  void report_late_end() const;
  Record commit_the_end(Attempt& attempt, const Results& results);
  void decide(const Attempt& attempt, std::uint64_t entry, bool commit);
  Failed timed_out(double timeout, double patience);
  void await_late_results(Attempt& attempt);
  void finish_attempt(Attempt& attempt);
  // What every rank does, from those that answer rank 0 within `seconds`; nothing if rank 0 says nothing, even
  // `margin` later.
  std::optional<SurveyAnswer> survey(double seconds, double margin);
  void note_result(const Attempt& attempt, const Record& answer);
  std::string state_of_job() const;  // with mutex_ held
  JobStatus status();
  SequenceList list() const;
  bool rank_0_is_stopped() const;  // false: or on another node
  bool over() const { return ended_ || closed_ || (had_link_ && !link_); }

  Settings settings_;
  LinkKey key_;
  std::uint16_t port_ = 0;  // before listener_, whose initialisation fills it
  UniqueFd listener_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<SecureLink> link_;
  std::string job_name_;
  std::uint64_t size_ = 0;
  bool had_link_ = false, closed_ = false, ended_ = false;
  int spawned_ = 0;  // jobs that MPI_Comm_spawn has started, and that have not ended
  // Entries of the log: after the one the job is to end, after the other it goes on, as rank 0 says. 0: none.
  std::uint64_t to_end_after_ = 0, went_on_after_ = 0;
  std::string how_ended_;
  pid_t rank_0_ = 0;  // 0: on another node
  std::atomic<bool> told_of_wrappers_{false};
  JobStatus history_;    // what has come of earlier requests; how rank 0 calls MPI
  Stopwatch since_job_;  // was started
  std::uint64_t next_id_ = 1, running_id_ = 0, next_survey_ = 1;
  Stopwatch since_start_;          // of the running attempt, as what follows
  std::string ticket_;             // empty: none can be shown
  std::set<std::string> waiting_;  // tickets of requests that have not been begun
  bool withdrawn_ = false, completing_ = false;
  std::optional<Results> results_;
  std::optional<SurveyAnswer> survey_;
  std::optional<Refused> refusal_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, bool> verdicts_;  // by entry and step: passed
  std::uint64_t committing_ = 0;                                      // with `term`: the entry whose end is decided now

  std::mutex survey_mutex_;         // taken before mutex_
  mutable std::mutex store_mutex_;  // never taken with mutex_ held
  manifest::SnapshotStore store_;
};

}  // namespace cairn::pmix
