// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/protocol.hpp"

#include <time.h>

#include <cstdio>

#include "mpi/crcp/activity.hpp"
#include "mpi/crcp/door.hpp"
#include "mpi/crcp/known.hpp"
#include "mpi/crcp/lifecycle.hpp"
#include "mpi/crcp/resume.hpp"
#include "mpi/p2p/drain.hpp"
#include "mpi/p2p/synchronous.hpp"
#include "mpi/shim/unsupported.hpp"

namespace cairn::crcp {

namespace {

constexpr double kShortWait = 0.002;  // seconds to wait for a guest thread to leave a section
constexpr long kPauseNanoseconds = 100'000;

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void pause_a_moment() {
  const timespec t{0, kPauseNanoseconds};
  nanosleep(&t, nullptr);
}

}  // namespace

Protocol::Protocol(const cairn_agent_request& request) : request_(request), started_(now()) {}

double Protocol::elapsed() const { return now() - started_; }

bool Protocol::quiesce() {
  known_reset();
  if (!admit()) return false;
  if (!wait_level()) {
    end_aborted();
    return false;
  }
  bool cut = false;
  if (close()) {
    refusal_.clear();
    keep_lock_ = settle();
    refusal_ = keep_lock_ ? object_obstacle() : what_guest_does() + ", which does not come to an end";
    cut = drain();
  }
  if (cut)
    agent::forget();
  else
    go_on();
  return cut;
}

std::string Protocol::own_obstacle() {
  if (request_.obstacle != 0) return request_.obstacle_text;
  if (thread_level() == MPI_THREAD_MULTIPLE)
    return "the program runs MPI in MPI_THREAD_MULTIPLE, which cannot be checkpointed; ask for MPI_THREAD_SERIALIZED";
  if (init_state() != InitState::initialized) return "it is not between MPI_Init and MPI_Finalize";
  return object_obstacle();
}

// Asked again at the cut: the program went on making objects since F0.
std::string Protocol::object_obstacle() {
  char text[256];
  if (shim::first_unsupported(text, sizeof text) != 0) return text;
  return p2p::drain_obstacle();
}

bool Protocol::admit() {
  say("request: asking all ranks");
  std::string obstacle = own_obstacle();
  Writer out;
  if (obstacle.empty() && !lock_.acquire(request_.level_deadline)) obstacle = what_guest_does() + " and stays there";
  out.text(obstacle);
  hands_off_ = !obstacle.empty();
  if (obstacle.empty()) {
    set_mode(Mode::waitres);
    write_entered(out);
    lock_.release();
  }
  if (!fence(out)) return false;
  refusal_ = joined_failures("cannot be checkpointed: ");
  if (!refusal_.empty()) {
    if (!hands_off_) change_mode(Mode::normal);
    return false;
  }
  const bool understood = read_parts(read_entered);
  change_mode(understood ? Mode::admit : Mode::normal);
  return understood;
}

bool Protocol::wait_level() {
  bool level = false;
  while (!level && elapsed() < request_.level_deadline) {
    if (lock_.acquire(kShortWait)) {
      level = is_level(agent::rank(), behind_);
      lock_.release();
    }
    attend();
    if (level) break;
    say("admission: " + what_guest_does());
    pause_a_moment();
  }
  Writer out;
  out.text(level ? std::string() : what_guest_does() + " (collectives of " + behind_ + ")");
  say("admission: this rank is ready, waiting for the others");
  if (!fence(out)) return false;
  refusal_ = joined_failures("did not reach the collective calls that others are in: ");
  return refusal_.empty();
}

bool Protocol::close() {
  Writer out;
  out.text({});
  lock_.acquire_firmly();
  set_mode(Mode::closed);
  write_positions(out);
  lock_.release();
  return fence(out) && read_parts(read_positions);
}

void Protocol::change_mode(Mode m) {
  lock_.acquire_firmly();
  apply_all();
  set_mode(m);
  lock_.release();
}

bool Protocol::settle() {
  change_mode(Mode::release);
  const double until = now() + request_.drain_deadline;
  while (now() < until) {
    if (lock_.acquire(kShortWait)) {
      if (lock_.library_is_free()) {
        p2p::progress_library();
        duties();
        if (has_caught_up() && admissions_settled() && p2p::collectives_settled()) return true;  // keeps the lock
      }
      lock_.release();
    }
    say("freeze: " + what_guest_does());
    pause_a_moment();
  }
  return false;
}

bool Protocol::drain() {
  Writer counts;
  counts.text(refusal_);
  if (refusal_.empty()) p2p::write_sent(counts);
  if (!fence(counts)) return false;
  refusal_ = joined_failures("cannot be checkpointed now: ");
  if (!refusal_.empty()) return false;
  std::string failure = p2p::expect(agent::rank(), parts_);
  const double until = now() + request_.drain_deadline;
  while (failure.empty() && !p2p::drain_step()) {
    say("drain: " + p2p::drain_text());
    if (now() > until) failure = "has messages that do not arrive: " + p2p::drain_text();
  }
  // Before the fence: behind it others may go on and send what no longer belongs to this cut.
  if (failure.empty()) failure = p2p::park_receives();
  Writer out;
  out.text(failure);
  if (failure.empty()) p2p::write_held(out);
  if (!fence(out)) return false;
  refusal_ = joined_failures("");
  return refusal_.empty() && read_parts([](Reader& in) { return p2p::read_held(in, agent::rank()); });
}

void Protocol::end_aborted() {
  const std::string why = refusal_;
  close();
  lock_.acquire_firmly();
  apply_all();
  for (CommState* s : comm_states()) s->limit2 = 0;
  add_owed();
  set_mode(Mode::normal);
  lock_.release();
  refusal_ = why;
}

bool Protocol::fence(const Writer& data) {
  int rc = agent::fence_begin(data);
  while (rc == 0) {
    rc = agent::fence_test();
    if (rc != 0) break;
    attend();
    pause_a_moment();
  }
  const auto ranks = static_cast<std::size_t>(agent::size());
  failures_.assign(ranks, {});
  parts_.assign(ranks, {});
  bool good = rc > 0;
  for (std::size_t r = 0; good && r < ranks; ++r) {
    good = agent::part(static_cast<int>(r), parts_[r]);
    Reader in(parts_[r]);
    failures_[r] = in.text();
    good = good && in.good();
  }
  if (!good) {  // the job's runtime is gone: nobody will decide anything any more
    refusal_ = "the connection between the ranks' agents was lost";
    if (!hands_off_) change_mode(Mode::normal);
  }
  return good;
}

bool Protocol::read_parts(bool (*read)(Reader&)) {
  for (const auto& bytes : parts_) {
    Reader in(bytes);
    in.text();
    if (!read(in)) {
      refusal_ = "a rank's contribution cannot be understood";
      return false;
    }
  }
  return true;
}

std::string Protocol::joined_failures(const char* what) const {
  std::string all;
  int more = 0;
  for (std::size_t r = 0; r < failures_.size(); ++r) {
    if (failures_[r].empty()) continue;
    if (all.empty())
      all = "rank " + std::to_string(r) + " " + what + failures_[r];
    else
      ++more;
  }
  if (more > 0) all += " (and " + std::to_string(more) + " more)";
  return all;
}

void Protocol::attend() {
  if (hands_off_) return;
  note_activity();
  if (keep_lock_) {
    p2p::progress_library();
    return;
  }
  if (!lock_.acquire(kShortWait)) return;
  if (lock_.library_is_free()) {
    p2p::progress_library();
    duties();
  }
  lock_.release();
}

void Protocol::note_activity() {
  const bool outside = gate_words.inside.load(std::memory_order_relaxed) == kOut && activity.call == nullptr;
  if (!outside || activity.entries != last_entries_)
    outside_since_ = 0;
  else if (outside_since_ == 0)
    outside_since_ = now();
  last_entries_ = activity.entries;
}

std::string Protocol::what_guest_does() const {
  char text[160];
  if (const char* door = standing_at()) {
    std::snprintf(text, sizeof text, "waits before %s for other ranks", door);
  } else if (const char* call = activity.call) {
    if (activity.peer >= 0)
      std::snprintf(text, sizeof text, "is in %s (rank %d of the communicator)", call, activity.peer);
    else
      std::snprintf(text, sizeof text, "is in %s", call);
  } else if (outside_since_ != 0) {
    std::snprintf(text, sizeof text, "has been outside MPI for %.1f s", now() - outside_since_);
  } else {
    std::snprintf(text, sizeof text, "is in MPI calls");
  }
  return text;
}

void Protocol::say(const std::string& text) {
  const double t = now();
  if (text == last_text_ || (t - last_said_ < 0.2 && last_said_ != 0)) return;
  last_said_ = t;
  last_text_ = text;
  agent::progress(text.c_str());
}

void Protocol::go_on() {
  keep_lock_ = false;
  lock_.acquire_firmly();
  resume_same_library();
  set_mode(Mode::normal);
  lock_.release();
}

void Protocol::come_back() {
  keep_lock_ = false;
  resume_new_library();
  set_mode(Mode::normal);
  lock_.release();
}

}  // namespace cairn::crcp
