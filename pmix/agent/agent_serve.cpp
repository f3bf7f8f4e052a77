// SPDX-License-Identifier: Apache-2.0
// How an agent serves one order of the log. See agent.hpp.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "core/abi/rank_file.hpp"
#include "core/base/deadline.hpp"
#include "core/base/error.hpp"
#include "pmix/agent/agent.hpp"
#include "pmix/agent/outcome.hpp"
#include "pmix/agent/wrapper.hpp"

namespace cairn::pmix {
namespace {

constexpr double kLeastStopSeconds = 5;
constexpr double kGraceSeconds = 15;
// Nobody stands for longer than this because of others.
constexpr double kStandSeconds = 3;
constexpr std::chrono::microseconds kStandLook{50};

unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// The ranks of this node, as Open MPI's launcher tells them.
engine::NodeGroup node_group(std::uint64_t entry) {
  engine::NodeGroup group;
  const char* job = std::getenv("PMIX_NAMESPACE");
  group.members = std::max(1u, number_from_environment("OMPI_COMM_WORLD_LOCAL_SIZE", 1));
  group.leader = number_from_environment("OMPI_COMM_WORLD_LOCAL_RANK", 0) == 0;
  group.key = std::string(job != nullptr ? job : "") + "/" + std::to_string(entry);
  return group;
}

// What this rank asks of its group. crcp has deadlines of its own and gives up by itself; the timeout here is for a
// guest that does not answer at all. A thread that does not stop keeps the other ranks standing as well, and is to be
// named before the time is over.
group::Request request_for(std::uint64_t entry, const CheckpointOrder& order, int rank) {
  group::Request request;
  request.looked = true;  // else the other ranks would wait in a fence for one that has given up already
  request.path = order.directory + "/" + rank_file_name(static_cast<std::uint64_t>(rank));
  request.object_directory = order.objects;
  request.parameters = order.parameters;
  request.parameters.timeout = order.parameters.timeout + kGraceSeconds;
  request.stop_timeout = std::max(kLeastStopSeconds, order.parameters.timeout * 0.1);
  request.node = node_group(entry);
  return request;
}

// All ranks have been captured before the first goes on: so the files that several of them write to have the lengths,
// and with --save-files the contents, of one moment. For contents there is a fence before the capture as well; and for
// memory that ranks have in common, which must also be written before anybody goes on. These are the agents' own
// fences, behind those of crcp; a rank that fails takes part in them, too. With `term` nobody goes on before F6.
bool stands_after_capture(const CheckpointOrder& order) { return !order.term; }

}  // namespace

bool Agent::stands_before_capture(const CheckpointOrder& order) const {
  return order.parameters.save_files || stand_together_;
}

void Agent::serve(std::uint64_t n, const CheckpointOrder& order) {
  Outcome mine;
  mine.result = {CAIRN_EXIT_OK, "", host_name(), {}, static_cast<std::uint64_t>(::getpid()), {}, 0, 0, 0, false, {}};
  mine.result.wrapper = wrapper_of_this_process();
  {
    const std::lock_guard lock(fence_mutex_);
    fences_ = stands_ = 0;
    stood_in_ = stand_open_ = fence_open_ = false;
  }
  stand_together_ = false;
  mine.may_stand = order.parameters.timeout;
  try {
    serve_standing(n, order, mine);
  } catch (...) {
    if (mine.stands) group_->release(-1);  // the fences are at their end, the guest is not
    end_group(mine.keep_file);
    throw;
  }
}

void Agent::serve_standing(std::uint64_t n, const CheckpointOrder& order, Outcome& mine) {
  save_group(n, order, mine);
  mine.stands = mine.saved;
  stand_in_for_guest();
  if (mine.saved && !order.term) let_group_go(order, mine);
  if (mine.saved) finish_group(order, mine);
  complete_stands(order);
  phase("reporting");
  const bool all_well = gather_results(n, order, mine);
  if (order.term && decided_to_end(n, all_well, mine)) {
    phase("ending");
    group_->end_others();
    leave();
    end_job_();
    return;
  }
  go_on(order, mine, all_well);
}

// What is written of common memory while somebody goes on is of no moment, and no image.
void Agent::let_group_go(const CheckpointOrder& order, Outcome& outcome) {
  phase("waiting for the others to stand");
  const bool all_stood = await_stand(Deadline(stand_together_ ? order.parameters.timeout : kStandSeconds));
  if (stand_together_ && !all_stood) {
    outcome.result.follows = true;
    outcome.fail(TemporaryError("other ranks did not come to write the memory that they share with it"));
  }
  group_->release();
  outcome.stands = false;
}

// If nobody of the guest spoke for this rank, the others wait in the first fence.
void Agent::stand_in_for_guest() {
  {
    const std::lock_guard lock(fence_mutex_);
    stood_in_ = fences_ == 0;
    if (!stood_in_) return;
  }
  transport_->gather({});
}

// Not before crcp has spoken for this rank: its fences come first.
void Agent::begin_stand() {
  const std::lock_guard lock(fence_mutex_);
  if (fences_ == 0 && !stood_in_) return;
  transport_->gather_begin({});
  stand_open_ = true;
  ++stands_;
}

// False if they have not come by then.
bool Agent::await_stand(const Deadline& deadline) {
  for (;; std::this_thread::sleep_for(kStandLook)) {
    const std::lock_guard lock(fence_mutex_);
    stand_open_ = stand_open_ && !transport_->gather_test();
    if (!stand_open_) return true;
    if (deadline.passed()) return false;
  }
}

void Agent::complete_stands(const CheckpointOrder& order) {
  const unsigned all = (stands_before_capture(order) ? 1 : 0) + (stands_after_capture(order) ? 1 : 0);
  await_stand(Deadline::never());
  while (stands_ < all) {
    begin_stand();
    await_stand(Deadline::never());
  }
}

void Agent::go_on(const CheckpointOrder& order, const Outcome& outcome, bool all_well) {
  if (!all_well || order.term) {
    // A context file of an attempt that failed somewhere is of no use; whoever wrote it removes it.
    if (outcome.stands) group_->release(-1);
    if (!outcome.path.empty() && !outcome.keep_file) ::unlink(outcome.path.c_str());
  }
  end_group(outcome.keep_file || (all_well && !order.term));
  {
    const std::lock_guard lock(state_mutex_);
    current_.reset();
  }
  phase("running");
}

// Nothing of the attempt is at work any more, and no member waits for a word.
void Agent::end_group(bool keep_tree) noexcept {
  group_->abandon();
  keep_tree ? tree_.end() : tree_.discard();
}

// Tells crcp of the order, and what is known to stand in its way.
std::optional<Error> Agent::announce(std::uint64_t n, const CheckpointOrder& order) {
  std::optional<Error> obstacle;
  try {
    obstacle = group_->obstacle();
  } catch (const Error& error) {
    obstacle = error;
  }
  cairn_agent_request request{};
  request.id = n;
  request.level_deadline = order.parameters.timeout * 0.5;
  request.drain_deadline = order.parameters.timeout * 0.15;
  request.term = order.term ? 1 : 0;
  if (obstacle) {
    const bool for_good = obstacle->code() == CAIRN_EXIT_PERMANENT;
    request.obstacle = for_good ? CAIRN_AGENT_OBSTACLE_FOR_GOOD : CAIRN_AGENT_OBSTACLE;
    std::strncpy(request.obstacle_text, obstacle->what(), sizeof(request.obstacle_text) - 1);
  }
  const std::lock_guard lock(state_mutex_);
  current_ = request;
  given_up_.reset();
  return obstacle;
}

// The guest has failed: for its own sake, or for that of others, which tell it themselves.
void Agent::tell_reason(Outcome& outcome) {
  const std::lock_guard lock(state_mutex_);
  if (!given_up_) return;
  outcome.result.follows = given_up_->empty();
  if (!given_up_->empty()) outcome.result.text = *given_up_;
}

void Agent::save_group(std::uint64_t n, const CheckpointOrder& order, Outcome& outcome) {
  std::optional<Error> obstacle;
  try {
    phase("waiting for the program");
    if (!wait_until_ready(order.parameters.timeout)) {
      throw TemporaryError("this rank's program is not ready: it has not come back from its restart or from MPI_Init");
    }
    group::Request request = request_for(n, order, transport_->rank());
    tree_.begin(request.parameters, request.path);
    obstacle = announce(n, order);
    phase("coordinating");
    request.all_stand = [this] { tree_.check_standing(); };
    // One rank's fence is everybody's: what comes after them must not overtake those that crcp has begun.
    request.callbacks_at_work = [this] {
      const std::lock_guard lock(fence_mutex_);
      stood_in_ = fences_ == 0;  // asked when the time is over: it is too late for crcp
      return !stood_in_;
    };
    request.stands = [&] {
      forget_activity();
      if (!stands_before_capture(order)) return;
      begin_stand();
      if (await_stand(Deadline(stand_together_ ? request.stop_timeout : kStandSeconds))) return;
      outcome.result.follows = true;
      throw TemporaryError("the program stood, but not those of all other ranks");
    };
    request.captured = [&] {
      if (stands_after_capture(order) && !stand_together_) begin_stand();
    };
    group_->save(request);
    if (stands_after_capture(order) && stand_together_) begin_stand();
    outcome.saved = true;
    outcome.path = request.path;
    if (obstacle) outcome.fail(*obstacle);
  } catch (const std::exception& e) {
    // That the protocol gave up is the consequence, not the reason.
    if (obstacle) {
      outcome.result.follows = false;
      outcome.fail(*obstacle);
    } else {
      outcome.fail(e);
      tell_reason(outcome);
    }
  }
}

void Agent::finish_group(const CheckpointOrder& order, Outcome& outcome) {
  phase(kWriting);
  if (outcome.result.code != CAIRN_EXIT_OK) {
    group_->abandon();
    outcome.saved = outcome.stands = false;
    return;
  }
  try {
    const auto statistics = group_->finish(order.parameters.timeout);
    outcome.result.statistics = statistics.front();
    outcome.result.engine = group_->engines().front();
    const auto tree = tree_.write_index(statistics, group_->members());
    outcome.result.members = tree.members;
    outcome.result.tree_bytes = tree.bytes;
    outcome.result.tree_checksum = tree.checksum;
  } catch (const std::exception& e) {
    outcome.fail(e);
    group_->abandon();
    outcome.saved = outcome.stands = false;
  }
}

bool Agent::gather_results(std::uint64_t n, const CheckpointOrder& order, Outcome& outcome) {
  const Parts parts = gather_or_let_go(n, to_record(outcome.result).encode(), outcome);
  Results all;
  all.entry = n;
  all.id = order.id;
  bool well = true;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    all.ranks[r] = from_record<RankResult>(Record::decode(as_text(parts[r])));
    well = well && all.ranks[r].code == CAIRN_EXIT_OK;
  }
  if (link_) link_->send(all);
  return well;
}

}  // namespace cairn::pmix
