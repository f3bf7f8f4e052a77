// SPDX-License-Identifier: Apache-2.0
// The agent of one rank: a host thread that follows the log of requests and has this process checkpointed.
//
// Threads: the log thread (serves entries one after the other), the answering thread (says what this rank is doing
// when rank 0 asks, also while the log thread hangs in a fence), that of Ballot, and in rank 0 that of AgentLink. All
// signals are blocked in them. The functions for crcp are called by guest threads with the host's thread pointer.
// An agent lives as long as its process: it is never destroyed.
//
// One order (docs/agent-transport.md): obstacle, save (crcp: F0..F4), release unless the job is to end, finish,
// F5 with the results; with term F6: has the coordinator the manifest on disk? Then the job ends, or goes on. A guest
// that has been saved stands until then, but no longer than the timeout: agent_term.cpp.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/deadline.hpp"
#include "core/group/group.hpp"
#include "core/group/tree_beside.hpp"
#include "mpi/abi/agent.h"
#include "pmix/agent/agent_link.hpp"
#include "pmix/agent/ballot.hpp"
#include "pmix/agent/call_place.hpp"
#include "pmix/transport/transport.hpp"

namespace cairn::pmix {

// The phase in which a rank says how much it has written.
inline constexpr char kWriting[] = "writing";

std::string host_name();

class Agent : private AgentLink::Orders {
 public:
  // `end_job` is called on the log thread when the job has been checkpointed and shall end: MPI_Finalize and _exit. No
  // group: this process with its descendants.
  Agent(std::unique_ptr<Transport> transport, std::unique_ptr<group::Group> group,
        std::optional<CoordinatorAddress> coordinator, std::function<void()> end_job);
  ~Agent() override;

  void start_threads();
  // The guest can take part from now on; until then requests wait.
  void guest_ready();

  int rank() const { return transport_->rank(); }
  int size() const { return transport_->size(); }

  // As in mpi/abi/agent.h.
  int request(cairn_agent_request& out);
  int fence_begin(const void* data, std::uint64_t n);
  int fence_test();
  int part(int rank, void* buffer, std::uint64_t capacity, std::uint64_t& n);
  int verdict(std::uint64_t step, bool pass);
  void progress(const std::string& text);
  void doing(std::span<const cairn_agent_activity> threads, const std::string& late_on);
  void gives_up(const std::string& own);
  void want_close();
  // Before the guest stands, for this order: ranks have memory in common.
  void stand_together(bool wanted) { stand_together_ = wanted; }
  bool closed() const { return closed_.load(); }
  // How this rank calls MPI (pmix::Crossing). Any thread.
  void tell_crossing(const std::string& text) {
    if (link_) link_->tell_crossing(text);
  }

 private:
  struct Outcome;

  void log_loop();
  void answer_loop();
  void serve(std::uint64_t n, const CheckpointOrder& order);
  void save_group(std::uint64_t n, const CheckpointOrder& order, Outcome& outcome);
  std::optional<Error> announce(std::uint64_t n, const CheckpointOrder& order);
  void tell_reason(Outcome& outcome);
  void stand_in_for_guest();
  void begin_stand();
  bool await_stand(const Deadline& deadline);
  bool stands_before_capture(const CheckpointOrder& order) const;
  void let_group_go(const CheckpointOrder& order, Outcome& outcome);
  void complete_stands(const CheckpointOrder& order);
  void end_group(bool keep_tree) noexcept;
  void finish_group(const CheckpointOrder& order, Outcome& outcome);
  void serve_standing(std::uint64_t n, const CheckpointOrder& order, Outcome& outcome);
  bool gather_results(std::uint64_t n, const CheckpointOrder& order, Outcome& outcome);
  void go_on(const CheckpointOrder& order, const Outcome& outcome, bool all_well);
  // agent_term.cpp
  using Parts = std::vector<std::vector<std::byte>>;
  Parts gather_or_let_go(std::uint64_t n, const std::string& mine, Outcome& outcome);
  std::optional<bool> ask_for_the_end(std::uint64_t n, Outcome& outcome);
  std::string await_decision(std::uint64_t n, Outcome& outcome);
  bool decided_to_end(std::uint64_t n, bool all_well, Outcome& outcome);
  bool wait_until_ready(double seconds);
  void phase(const std::string& name);
  void forget_activity();
  void leave();

  // Orders of the coordinator, on the link's thread (rank 0).
  bool append(const CheckpointOrder& order) override;
  void decide(const Decision& decision) override;
  SurveyAnswer survey(const SurveyQuestion& question) override;

  std::unique_ptr<Transport> transport_;
  group::TreeBeside tree_;
  const std::unique_ptr<group::Group> group_;
  std::function<void()> end_job_;
  std::unique_ptr<AgentLink> link_;  // rank 0 only, null if there is no coordinator
  Ballot ballot_;

  std::mutex state_mutex_;  // phase, request, ready, decision
  std::condition_variable state_changed_;
  std::string phase_ = "running", progress_;
  RankState activity_;                    // of the guest, in this phase: the fields that doing() tells
  std::vector<CallPlace::Words> stacks_;  // ... and where its threads' calls came from
  Stopwatch in_phase_;
  std::optional<cairn_agent_request> current_;
  std::optional<std::string> given_up_;  // current_, by the guest: its own reason, or empty
  bool ready_ = false;
  Decision decided_;

  std::mutex fence_mutex_;  // one thread fences at a time
  bool fence_open_ = false;
  std::uint64_t fences_ = 0;  // of crcp for this order
  bool stood_in_ = false;     // for this order: crcp has come too late
  unsigned stands_ = 0;       // fences of standing ranks that were begun for this order
  bool stand_open_ = false;
  std::atomic<bool> stand_together_{false};  // for this order

  std::mutex append_mutex_;  // numbers of log entries (rank 0)
  std::uint64_t next_entry_ = 1;
  bool closing_ = false;

  // Finds places by opening files, which are descriptors of the program's process: not while it is captured.
  std::mutex place_mutex_;
  CallPlace place_;

  std::mutex answer_mutex_;  // held while the answering thread is inside the transport, and by leave()
  bool left_ = false;
  std::atomic<bool> closed_{false};
};

}  // namespace cairn::pmix
