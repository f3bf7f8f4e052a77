// SPDX-License-Identifier: Apache-2.0
#include "mpi/crcp/protocol.hpp"

#include <time.h>

#include <algorithm>

#include "core/guest/libcr.h"
#include "mpi/crcp/agent.hpp"
#include "mpi/crcp/lifecycle.hpp"
#include "mpi/crcp/now.hpp"
#include "mpi/crcp/participants.hpp"
#include "mpi/crcp/resume.hpp"

namespace cairn::crcp {

namespace {

constexpr double kShortWait = 0.002;  // seconds to wait for a guest thread to leave a section
constexpr double kLeastWait = 2;      // seconds that a fence is waited for, also when the time is over already
constexpr long kPauseNanoseconds = 100'000;
constexpr long kLongPauseNanoseconds = 10'000'000;
const char kNoVerdict[] = "mpirun does not answer (stopped?), and without it the ranks cannot go on to the checkpoint";
constexpr std::uint64_t kStepOfF0 = 0;  // F2 and its repetitions: 1, 2, ...

void pause_a_moment(long nanoseconds = kPauseNanoseconds) {
  const timespec t{0, nanoseconds};
  nanosleep(&t, nullptr);
}

// The first text of a participant that has one.
template <class Verb>
std::string first_text(Verb verb) {
  for (Participant* p : participants())
    if (std::string text = verb(*p); !text.empty()) return text;
  return {};
}

std::string obstacle() {
  return first_text([](Participant& p) { return p.obstacle(); });
}

void note_what_to_ask() {
  for (Participant* p : participants()) p->note_what_to_ask();
}

std::string slow_obstacle() {
  return first_text([](Participant& p) { return p.slow_obstacle(); });
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

Protocol::Protocol(const cairn_agent_request& request)
    : request_(request), fences_([this] { idle(); }), started_(now()) {}

bool Protocol::quiesce() {
  cr_reopen_cs();
  if (come_to_cut()) {
    agent::forget();
    return true;
  }
  let_go();
  agent::gives_up(own_failure_);
  fences_.close();
  return false;
}

bool Protocol::come_to_cut() {
  if (!join() || !admit() || !wait_level() || !close()) return false;
  if (!refusal_.empty()) {
    resume(Outcome::not_level);
    return false;
  }
  settle();
  const bool cut = drain();
  if (!cut && left_.empty()) resume(Outcome::gave_up);
  return cut;
}

// What can be told without touching anything.
Failure Protocol::own_obstacle() {
  if (request_.obstacle != 0) return {request_.obstacle_text, request_.obstacle == CAIRN_AGENT_OBSTACLE_FOR_GOOD};
  if (init_state() != InitState::initialized) return {"it is not between MPI_Init and MPI_Finalize"};
  // Who does not give the lock up has not been asked.
  if (!lock_.acquire(time_to_level())) return {text_.what_guest_does() + " and stays there"};
  const std::string why = obstacle();
  note_what_to_ask();
  lock_.release();
  return {why.empty() ? slow_obstacle() : why};
}

// Of all ranks, in the last fence; in words for whoever asked. Keeps this rank's own.
std::string Protocol::failures_told(const char* what) {
  if (left_.empty()) own_failure_ = fences_.log().own_failure();
  return fences_.log().joined_failures(what);
}

double Protocol::time_to_level() const { return request_.level_deadline - (now() - started_); }

// A rank that is stopped, or whose agent does not answer, is waited for while the application of the others goes on.
bool Protocol::join() {
  begin_phase("request: waiting for all ranks");
  if (!arrived(fences_.pass(make_part(Fence::join, own_obstacle()), kForever))) return false;
  refusal_ = failures_told("cannot be checkpointed: ");
  refused_for_good_ = fences_.log().any_is_permanent();
  return refusal_.empty();
}

bool Protocol::admit() {
  begin_phase("request: asking all ranks");
  std::string failure;
  const double left = time_to_level();
  if (left <= 0)
    failure = "some ranks answered only when the time for the checkpoint was over";
  else if (!lock_.acquire(left))
    failure = text_.what_guest_does() + " and stays there";
  if (failure.empty()) failure = obstacle();
  hands_off_ = !failure.empty();
  if (!hands_off_) set_mode(Mode::waitres);
  const Bytes part = make_part(Fence::request, {failure});
  lock_.release();
  const Passage passage =
      fences_.pass_together(part, kStepOfF0, latest(), Fences::Failures::end, [this] { leave(Mode::normal); });
  if (!arrived(passage)) return false;
  refusal_ = passage == Passage::late       ? left_
             : passage == Passage::unjudged ? kNoVerdict
                                            : failures_told("cannot be checkpointed: ");
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
  const Bytes part = make_part(Fence::level, {become_level()});
  begin_phase("admission: this rank is ready, waiting for the others");
  Passage passage = fences_.pass(part, latest());
  if (passage == Passage::late) {
    leave(Mode::left);
    passage = fences_.finish();
  }
  refusal_ = failures_told("");
  return arrived(passage);
}

// Empty, or why this rank is not level. What forbids the checkpoint by now is no reason to wait any longer. What may
// take its time is asked here for the last time: from F1 on others are held, or may be.
std::string Protocol::become_level() {
  std::string behind = "it is in MPI calls", forbidden;
  while (now() - started_ < request_.level_deadline) {
    if (lock_.acquire(kShortWait)) {
      behind = first_text([](Participant& p) { return p.behind(); });
      forbidden = obstacle();
      if (behind.empty()) note_what_to_ask();
      lock_.release();
    }
    attend();
    if (behind.empty() && forbidden.empty()) {
      forbidden = slow_obstacle();
      if (forbidden.empty()) return {};
    }
    if (!forbidden.empty()) return "cannot be checkpointed now: " + forbidden;
    text_.say("admission: " + text_.what_guest_does() + (behind.empty() ? "" : " (behind in " + behind + ")"));
    pause_a_moment();
  }
  return "did not reach the collective calls that others are in: " + text_.what_threads_do() + " (" + behind + ")";
}

// All ranks are told how far each has come, or none: who left would not know up to where to keep to the others'
// admissions. So it is repeated until all are there. That somebody has left in between is told here at the latest.
bool Protocol::close() {
  Passage passage = Passage::late;
  const std::string section = left_.empty() && refusal_.empty() ? close_sections() : std::string();
  for (std::uint64_t step = kStepOfF0 + 1; passage == Passage::late; ++step) {
    lock_.acquire_firmly();
    set_mode(Mode::closed);
    hands_off_ = false;
    begin_phase("freeze: asking all ranks");
    // The program went on since F0. Who is inside a call without a door waits there for ranks that are held from now
    // on.
    std::string forbidden = left_.empty() ? section : left_;
    if (forbidden.empty()) forbidden = obstacle();
    const Bytes part = make_part(Fence::freeze, {forbidden});
    lock_.release();
    passage =
        fences_.pass_together(part, step, latest(), Fences::Failures::wait_for_verdict, [this] { leave(Mode::left); });
    if (!arrived(passage)) return false;
  }
  std::string why = refusal_;
  if (why.empty() && passage == Passage::unjudged) why = kNoVerdict;
  if (why.empty()) why = failures_told("cannot be checkpointed now: ");
  lock_.acquire_firmly();
  if (read(Fence::freeze)) refusal_ = std::move(why);
  lock_.release();
  return true;
}

// From here on no rank needs anything of the others' threads but what they do in MPI. Until then, whoever was kept out
// of a section could not come to where others wait for it. Empty, or what keeps a section from being left: perhaps
// itself a rank that is held.
std::string Protocol::close_sections() {
  constexpr double kLongSection = 5;
  const double until = now() + std::min(request_.drain_deadline, kLongSection);
  while (cr_reclose_cs() > 0) {
    if (now() > until) {
      cr_reopen_cs();
      return "a thread is in a critical section, and stays there";
    }
    attend();
    pause_a_moment();
  }
  return {};
}

void Protocol::settle() {
  change_mode(Mode::release);
  const double until = std::min(now() + request_.drain_deadline, latest());
  while (!keep_lock_ && now() < until) {
    if (lock_.acquire(kShortWait)) {
      if (lock_.library_is_free()) {
        progress_all();
        // Nothing is under way in the library: no function of the program is called any more.
        keep_lock_ = all_settled() && lock_.keep_brief_out(kShortWait);
      }
      if (!keep_lock_) text_.look();
      if (!keep_lock_) lock_.release();
    }
    text_.say("freeze: " + text_.what_guest_does());
    if (!keep_lock_) pause_a_moment();
  }
  refusal_ = keep_lock_ ? obstacle() : text_.what_threads_do() + ", which does not come to an end";
}

bool Protocol::drain() {
  begin_phase("freeze: this rank is ready, waiting for the others");
  if (!pass_or_end(make_part(Fence::settled, {refusal_}))) {
    const bool others_go_on = !left_.empty() && !fences_.log().any_failed();
    if (others_go_on) fences_.pass(make_part(Fence::drained, {left_}), kForever);
    return false;
  }
  refusal_ = failures_told("cannot be checkpointed now: ");
  if (!refusal_.empty()) return false;
  const Bytes part = make_part(Fence::drained, {empty_library()});
  begin_phase("drain: this rank is ready, waiting for the others");
  if (!pass_or_end(part)) return false;
  refusal_ = failures_told("");
  return refusal_.empty() && read(Fence::drained);
}

bool Protocol::pass_or_end(Bytes part) {
  Passage passage = fences_.pass(std::move(part), latest());
  if (passage == Passage::late) {
    resume(Outcome::gave_up);
    leave(Mode::normal);
    passage = fences_.finish();
  }
  if (!arrived(passage)) return false;
  if (!left_.empty()) refusal_ = left_;
  return left_.empty();
}

std::string Protocol::empty_library() {
  std::string failure;
  if (!fences_.log().read(Fence::settled, failure)) return "cannot understand the contribution of another rank";
  if (!failure.empty()) return failure;
  const double until = std::min(now() + request_.drain_deadline, latest());
  while (!step_all()) {
    text_.say("drain: " + missing());
    if (now() > until) return "cannot empty its MPI library: " + missing();
  }
  return first_text([](Participant& p) { return p.park(); });
}

void Protocol::change_mode(Mode m) {
  lock_.acquire_firmly();
  set_mode(m);
  lock_.release();
}

double Protocol::latest() const {
  const double timeout = 2 * request_.level_deadline;
  return std::max(started_ + timeout, now() + kLeastWait);
}

// From here on the application does not notice the request. This rank waits on, and goes on contributing.
void Protocol::leave(Mode m) {
  change_mode(m);
  let_go();
  left_ = "it has waited for others as long as it may";
  begin_phase("gave up, and waits for a rank that is late");
}

// The request will come to nothing, however long it takes.
void Protocol::let_go() {
  hands_off_ = true;
  cr_reopen_cs();
}

bool Protocol::arrived(Passage passage) {
  if (passage != Passage::lost) return true;
  // The job's runtime is gone: nobody will decide anything any more.
  refusal_ = "the connection between the ranks' agents was lost";
  if (!keep_lock_ && mode() != Mode::normal) change_mode(Mode::normal);
  return false;
}

bool Protocol::read(Fence fence) {
  if (!fences_.log().read(fence, refusal_)) refusal_ = "a rank's contribution cannot be understood";
  if (!refusal_.empty()) own_failure_ = refusal_;
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
  text_.look();
  lock_.release();
}

void Protocol::begin_phase(const char* text) {
  phase_ = text;
  text_.say(text);
}

void Protocol::idle() {
  text_.say(phase_);  // again: what comes too soon after another text is dropped
  attend();
  const bool nobody_waits = hands_off_ && now() - started_ > 1;
  pause_a_moment(nobody_waits ? kLongPauseNanoseconds : kPauseNanoseconds);
}

void Protocol::resume(Outcome outcome) {
  keep_lock_ = false;
  lock_.acquire_firmly();
  resume_all(outcome);
  set_mode(Mode::normal);
  CallbackLock::let_brief_in();
  lock_.release();
}

}  // namespace cairn::crcp
