// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/protocol.hpp"

#include <time.h>

#include <algorithm>

#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/lifecycle.hpp"
#include "mpi/crcp/now.hpp"
#include "mpi/crcp/participants.hpp"
#include "mpi/crcp/resume.hpp"

namespace cairn::crcp {

namespace {

constexpr double kShortWait = 0.002;  // seconds to wait for a guest thread to leave a section
constexpr long kPauseNanoseconds = 100'000;

void pause_a_moment() {
  const timespec t{0, kPauseNanoseconds};
  nanosleep(&t, nullptr);
}

// The first text of a participant that has one.
template <class Verb>
std::string first_text(Verb verb) {
  for (Participant* p : participants())
    if (std::string text = verb(*p); !text.empty()) return text;
  return {};
}

std::string obstacle(Participant::Asked asked) {
  return first_text([=](Participant& p) { return p.obstacle(asked); });
}

bool all_settled() {
  const auto all = participants();
  return std::all_of(all.begin(), all.end(), [](Participant* p) { return p->settled(); });
}

bool step_all() {
  bool done = true;
  for (Participant* p : participants()) done = p->step() && done;
  return done;
}

std::string missing() {
  return first_text([](Participant& p) { return p.missing(); });
}

}  // namespace

Protocol::Protocol(const cairn_agent_request& request) : request_(request), started_(now()) {}

bool Protocol::quiesce() {
  if (!join() || !admit()) return false;
  if (!wait_level()) {
    end_not_level();
    return false;
  }
  bool cut = false;
  if (close()) {
    refusal_.clear();
    keep_lock_ = settle();
    refusal_ =
        keep_lock_ ? obstacle(Participant::Asked::locked) : text_.what_guest_does() + ", which does not come to an end";
    cut = drain();
  }
  if (cut)
    agent::forget();
  else
    resume(Outcome::gave_up);
  return cut;
}

// What can be told without touching anything.
Failure Protocol::own_obstacle() const {
  if (request_.obstacle != 0) return {request_.obstacle_text};
  if (thread_level() == MPI_THREAD_MULTIPLE)
    return {
        "the program runs MPI in MPI_THREAD_MULTIPLE, which cannot be checkpointed; ask MPI_Init_thread for "
        "MPI_THREAD_SERIALIZED (mpi4py: MPI4PY_RC_THREAD_LEVEL=serialized in its environment, or "
        "mpi4py.rc.thread_level = 'serialized')",
        true};
  if (init_state() != InitState::initialized) return {"it is not between MPI_Init and MPI_Finalize"};
  return {obstacle(Participant::Asked::running)};
}

// A rank that is stopped, or whose agent does not answer, is waited for while the application of the others goes on.
bool Protocol::join() {
  text_.say("request: waiting for all ranks");
  if (!fence(make_part(Fence::join, own_obstacle()))) return false;
  refusal_ = log_.joined_failures("cannot be checkpointed: ");
  refused_for_good_ = log_.any_is_permanent();
  return refusal_.empty();
}

bool Protocol::admit() {
  text_.say("request: asking all ranks");
  std::string failure;
  const double left = request_.level_deadline - (now() - started_);
  if (left <= 0)
    failure = "some ranks answered only when the time for the checkpoint was over";
  else if (!lock_.acquire(left))
    failure = text_.what_guest_does() + " and stays there";
  if (failure.empty()) failure = obstacle(Participant::Asked::locked);
  hands_off_ = !failure.empty();
  if (!hands_off_) set_mode(Mode::waitres);
  const Bytes part = make_part(Fence::request, {failure});
  lock_.release();
  if (!fence(part)) return false;
  refusal_ = log_.joined_failures("cannot be checkpointed: ");
  if (!refusal_.empty()) {
    if (!hands_off_) change_mode(Mode::normal);
    return false;
  }
  lock_.acquire_firmly();
  const bool understood = read(Fence::request);
  set_mode(understood ? Mode::admit : Mode::normal);
  lock_.release();
  return understood;
}

bool Protocol::wait_level() {
  bool level = false;
  while (!level && now() - started_ < request_.level_deadline) {
    if (lock_.acquire(kShortWait)) {
      behind_ = first_text([](Participant& p) { return p.behind(); });
      level = behind_.empty();
      lock_.release();
    }
    attend();
    if (level) break;
    text_.say("admission: " + text_.what_guest_does());
    pause_a_moment();
  }
  const Bytes part = make_part(Fence::level, {level ? std::string() : text_.what_guest_does() + " (" + behind_ + ")"});
  text_.say("admission: this rank is ready, waiting for the others");
  if (!fence(part)) return false;
  refusal_ = log_.joined_failures("did not reach the collective calls that others are in: ");
  return refusal_.empty();
}

bool Protocol::close() {
  lock_.acquire_firmly();
  set_mode(Mode::closed);
  // The program went on since F0. Who is inside a call without a door waits there for ranks that are held from now on.
  const Bytes part = make_part(Fence::freeze, {obstacle(Participant::Asked::locked)});
  lock_.release();
  if (!fence(part)) return false;
  lock_.acquire_firmly();
  const bool understood = read(Fence::freeze);
  lock_.release();
  if (understood) refusal_ = log_.joined_failures("cannot be checkpointed now: ");
  return refusal_.empty();
}

bool Protocol::settle() {
  change_mode(Mode::release);
  const double until = now() + request_.drain_deadline;
  while (now() < until) {
    if (lock_.acquire(kShortWait)) {
      if (lock_.library_is_free()) {
        progress_all();
        if (all_settled()) return true;  // keeps the lock
      }
      lock_.release();
    }
    text_.say("freeze: " + text_.what_guest_does());
    pause_a_moment();
  }
  return false;
}

bool Protocol::drain() {
  if (!fence(make_part(Fence::settled, {refusal_}))) return false;
  refusal_ = log_.joined_failures("cannot be checkpointed now: ");
  if (!refusal_.empty()) return false;
  if (!fence(make_part(Fence::drained, {empty_library()}))) return false;
  refusal_ = log_.joined_failures("");
  return refusal_.empty() && read(Fence::drained);
}

// What is parked is parked before F4: behind it others may go on and send what no longer belongs to this cut.
std::string Protocol::empty_library() {
  std::string failure;
  if (!log_.read(Fence::settled, failure)) return "cannot understand the contribution of another rank";
  if (!failure.empty()) return failure;
  const double until = now() + request_.drain_deadline;
  while (!step_all()) {
    text_.say("drain: " + missing());
    if (now() > until) return "cannot empty its MPI library: " + missing();
  }
  return first_text([](Participant& p) { return p.park(); });
}

// The closing fence.
void Protocol::end_not_level() {
  const std::string why = refusal_;
  close();
  resume(Outcome::not_level);
  refusal_ = why;
}

void Protocol::change_mode(Mode m) {
  lock_.acquire_firmly();
  set_mode(m);
  lock_.release();
}

bool Protocol::fence(const Bytes& part) {
  const auto wait = [this] {
    attend();
    pause_a_moment();
  };
  if (log_.pass(part, wait) == FenceLog::Result::done) return true;
  // The job's runtime is gone: nobody will decide anything any more.
  refusal_ = "the connection between the ranks' agents was lost";
  if (!hands_off_ && !keep_lock_) change_mode(Mode::normal);
  return false;
}

bool Protocol::read(Fence fence) {
  if (!log_.read(fence, refusal_)) refusal_ = "a rank's contribution cannot be understood";
  return refusal_.empty();
}

void Protocol::attend() {
  if (hands_off_) return;
  text_.watch();
  if (keep_lock_) {
    progress_all();
    return;
  }
  if (!lock_.acquire(kShortWait)) return;
  if (lock_.library_is_free()) progress_all();
  lock_.release();
}

void Protocol::resume(Outcome outcome) {
  keep_lock_ = false;
  lock_.acquire_firmly();
  resume_all(outcome);
  set_mode(Mode::normal);
  lock_.release();
}

}  // namespace cairn::crcp
