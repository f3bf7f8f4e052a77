// SPDX-License-Identifier: Apache-2.0
// Checkpoint callbacks and critical sections (core/guest/libcr.h), driven by the freezing host on demand.
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/guest/libcr.h"
#include "tests/process/guest/test.hpp"

namespace {

using namespace cairn::test;

// What happened, in order.
char events[4096];
unsigned event_count = 0;
void note(char event) { events[__atomic_fetch_add(&event_count, 1, __ATOMIC_SEQ_CST)] = event; }
void forget_events() {
  memset(events, 0, sizeof events);
  event_count = 0;
}
bool happened(const char* what) {
  if (strcmp(events, what) == 0) return true;
  fprintf(stderr, "expected %s, found %s\n", what, events);
  return false;
}

// Notes `begin`, calls cr_checkpoint(flags), notes `end` or '!' for a failure.
struct Plan {
  char begin, end;
  int flags;
  int result;
};

int carry_out(void* raw) {
  auto* plan = static_cast<Plan*>(raw);
  note(plan->begin);
  plan->result = cr_checkpoint(plan->flags);
  note(plan->result < 0 ? '!' : plan->end);
  return 0;
}

int return_only(void* raw) {
  note(*static_cast<char*>(raw));
  return 0;
}

void stop_and_settle(unsigned expected_events) {
  one_stop();
  CHECK(eventually([=] { return __atomic_load_n(&event_count, __ATOMIC_SEQ_CST) >= expected_events; }, 10));
}

void order() {
  CHECK(cr_init() >= 0);
  Plan t1{'a', 'A', 0, -1}, t2{'b', 'B', 0, -1}, s1{'x', 'X', 0, -1}, s2{'y', 'Y', 0, -1};
  CHECK(cr_register_callback(carry_out, &t1, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_register_callback(carry_out, &s1, CR_SIGNAL_CONTEXT) >= 0);
  CHECK(cr_register_callback(carry_out, &t2, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_register_callback(carry_out, &s2, CR_SIGNAL_CONTEXT) >= 0);
  for (int i = 0; i < 20; ++i) {
    forget_events();
    stop_and_settle(8);
    check_no_failures();
    // The two groups end independently of each other; all begins of threads come before those of signals.
    CHECK(strncmp(events, "bayx", 4) == 0);
    CHECK(strchr(events, 'X') < strchr(events, 'Y') && strchr(events, 'A') < strchr(events, 'B'));
  }
  CHECK(t1.result == 0 && t2.result == 0 && s1.result == 0 && s2.result == 0);
}

void callbacks_without_cr_checkpoint() {
  CHECK(cr_init() >= 0);
  char t = 't', s = 's';
  CHECK(cr_register_callback(return_only, &t, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_register_callback(return_only, &s, CR_SIGNAL_CONTEXT) >= 0);
  stop_and_settle(2);
  check_no_failures();
  CHECK(happened("ts"));
}

void failure_of_the_checkpoint() {
  CHECK(cr_init() >= 0);
  Plan t{'t', 'T', 0, 1}, s{'s', 'S', 0, 1};
  CHECK(cr_register_callback(carry_out, &t, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_register_callback(carry_out, &s, CR_SIGNAL_CONTEXT) >= 0);
  freezer().release_with = -CR_ETEMPFAIL;
  stop_and_settle(4);
  CHECK(happened("ts!!") && t.result == -CR_ETEMPFAIL && s.result == -CR_ETEMPFAIL);
}

void check_refusal(int flags, int expected, const char* sequence) {
  CHECK(cr_init() >= 0);
  static Plan inner{'i', 'I', 0, 1}, outer{'o', 'O', 0, 1};
  CHECK(cr_register_callback(carry_out, &inner, CR_THREAD_CONTEXT) >= 0);
  outer.flags = flags;
  CHECK(cr_register_callback(carry_out, &outer, CR_THREAD_CONTEXT) >= 0);
  stop_and_settle(2);
  CHECK(freezer().failures == 1 && happened(sequence) && outer.result == -expected);
  outer.flags = 0;
  forget_events();
  stop_and_settle(4);  // and the next one goes well
  CHECK(freezer().failures == 1 && happened("oiIO"));
}
void temporary_refusal() { check_refusal(CR_CHECKPOINT_TEMP_FAILURE, CR_ETEMPFAIL, "o!"); }
void permanent_refusal() { check_refusal(CR_CHECKPOINT_PERM_FAILURE, CR_EPERMFAIL, "o!"); }
void refusal_with_a_code() { check_refusal(CR_CHECKPOINT_TEMP_FAILURE_CODE(77), 77, "o!"); }

int refuse_with_text(void*) {
  CHECK(cr_set_refusal("the oven is hot") == 0);
  cr_checkpoint(CR_CHECKPOINT_TEMP_FAILURE);
  note('r');
  return 0;
}
void refusal_with_a_text() {
  CHECK(cr_init() >= 0 && cr_register_callback(refuse_with_text, nullptr, CR_THREAD_CONTEXT) >= 0);
  stop_and_settle(1);
  CHECK(freezer().failures == 1 && strstr(freezer().message, "the oven is hot") != nullptr);
}

int replace_once(void* raw) {
  note('1');
  CHECK(cr_register_callback(return_only, raw, CR_SIGNAL_CONTEXT) == -1 && errno == EBUSY);
  CHECK(cr_replace_self(return_only, raw, CR_SIGNAL_CONTEXT) == -1 && errno == EINVAL);
  CHECK(cr_replace_self(return_only, raw, CR_THREAD_CONTEXT) == 0);
  return 0;
}
void replacing() {
  CHECK(cr_init() >= 0);
  char two = '2', three = '3';
  const int id = cr_register_callback(replace_once, &two, CR_THREAD_CONTEXT);
  CHECK(id >= 0);
  stop_and_settle(1);
  stop_and_settle(2);
  CHECK(cr_replace_callback(id, return_only, &three, CR_SIGNAL_CONTEXT) == -1 && errno == EINVAL);
  CHECK(cr_replace_callback(id, return_only, &three, CR_THREAD_CONTEXT) == 0);
  stop_and_settle(3);
  CHECK(cr_replace_callback(id, nullptr, nullptr, CR_THREAD_CONTEXT) == 0);
  stop_and_settle(3);
  check_no_failures();
  CHECK(happened("123"));
}

int look_around(void* raw) {
  auto* plan = static_cast<Plan*>(raw);
  CHECK(cr_status() == CR_STATE_ACTIVE && cr_get_checkpoint_info() != nullptr);
  CHECK(cr_enter_cs(CR_ID_CALLBACK) == 0 && cr_tryenter_cs(CR_ID_CALLBACK) == 0 && cr_leave_cs(CR_ID_CALLBACK) == 0);
  const int result = carry_out(plan);
  CHECK(cr_checkpoint(0) == -CR_ENOTCB);  // once is enough
  return result;
}
void calls_in_callbacks() {
  CHECK(cr_init() >= 0 && cr_status() == CR_STATE_IDLE && cr_get_checkpoint_info() == nullptr);
  CHECK(cr_checkpoint(0) == -CR_ENOTCB);
  CHECK(cr_replace_self(return_only, nullptr, CR_THREAD_CONTEXT) == -1 && errno == CR_ENOTCB);
  Plan t{'t', 'T', 0, -1}, s{'s', 'S', 0, -1};
  CHECK(cr_register_callback(look_around, &t, CR_THREAD_CONTEXT) >= 0);
  CHECK(cr_register_callback(look_around, &s, CR_SIGNAL_CONTEXT) >= 0);
  stop_and_settle(4);
  check_no_failures();
}

// No checkpoint within a critical section, whatever kind of callbacks there are; one right after it.
void hold_section(bool with_callback) {
  const int id = cr_init();
  CHECK(id >= 0);
  char t = 't';
  if (with_callback) CHECK(cr_register_callback(return_only, &t, CR_THREAD_CONTEXT) >= 0);
  const unsigned before = stops();
  CHECK(cr_enter_cs(id) == 0 && cr_enter_cs(id) == 0);
  const unsigned mine = __atomic_add_fetch(&freezer().wanted, 1, __ATOMIC_SEQ_CST);
  CHECK(eventually([] { return cr_status() == CR_STATE_PENDING && cairn_guest_self.cs_refused == 1; }, 10));
  usleep(50000);
  CHECK(stops() == before && event_count == 0);
  CHECK(cr_leave_cs(id) == 0);
  usleep(20000);
  CHECK(stops() == before);
  CHECK(cr_leave_cs(id) == 0);
  CHECK(eventually([=] { return __atomic_load_n(&freezer().served, __ATOMIC_ACQUIRE) == mine; }, 10));
  CHECK(stops() == before + 1 && cairn_guest_self.cs_refused == 0);
  CHECK(cr_leave_cs(id) == -1 && errno == EINVAL);
  check_no_failures();
}
void critical_section() { hold_section(false); }
void critical_section_with_callback() { hold_section(true); }

// Held past the deadline: the checkpoint is given up, the program goes on, and so does the next checkpoint.
void section_held_too_long() {
  const int id = cr_init();
  char t = 't';
  CHECK(id >= 0 && cr_register_callback(return_only, &t, CR_THREAD_CONTEXT) >= 0);
  freezer().deadline = 0.3;
  CHECK(cr_enter_cs(id) == 0);
  const unsigned mine = __atomic_add_fetch(&freezer().wanted, 1, __ATOMIC_SEQ_CST);
  CHECK(eventually([=] { return __atomic_load_n(&freezer().served, __ATOMIC_ACQUIRE) == mine; }, 20));
  CHECK(freezer().failures == 1 && strstr(freezer().message, "critical section") != nullptr);
  CHECK(cr_leave_cs(id) == 0);
  freezer().deadline = 20;
  stop_and_settle(1);
  CHECK(freezer().failures == 1 && stops() == 1);
}

// A callback lets critical sections be entered while it waits for something, and sees when they have been left.
int step = 0;
void take_step(int n) { __atomic_store_n(&step, n, __ATOMIC_SEQ_CST); }
void await_step(int n) {
  CHECK(eventually([=] { return __atomic_load_n(&step, __ATOMIC_SEQ_CST) == n; }, 10));
}

int let_sections_be_entered(void*) {
  take_step(1);
  await_step(2);
  CHECK(cr_reopen_cs() == 0);
  await_step(3);
  CHECK(cr_reclose_cs() > 0);
  take_step(4);
  CHECK(eventually([] { return cr_reclose_cs() == 0; }, 10));
  note('c');
  return 0;
}

void sections_reopened_by_a_callback() {
  const int id = cr_init();
  CHECK(id >= 0 && cr_reopen_cs() == -1 && cr_reclose_cs() == -1 && errno == CR_ENOTCB);
  CHECK(cr_register_callback(let_sections_be_entered, nullptr, CR_THREAD_CONTEXT) >= 0);
  const unsigned mine = __atomic_add_fetch(&freezer().wanted, 1, __ATOMIC_SEQ_CST);
  await_step(1);
  CHECK(cr_tryenter_cs(id) > 0);
  take_step(2);
  CHECK(cr_enter_cs(id) == 0);
  take_step(3);
  await_step(4);
  CHECK(stops() == 0 && cr_leave_cs(id) == 0);
  CHECK(eventually([=] { return __atomic_load_n(&freezer().served, __ATOMIC_ACQUIRE) == mine; }, 10));
  CHECK(stops() == 1 && happened("c"));
  check_no_failures();
}

volatile int running = 1;
unsigned long entries = 0;
volatile int inside = 0;

void* enter_and_leave(void*) {
  const int id = cr_init();
  CHECK(id >= 0);
  while (running != 0) {
    if (cr_tryenter_cs(id) == 0) {
      __atomic_add_fetch(&entries, 1, __ATOMIC_RELAXED);
      CHECK(cr_leave_cs(id) == 0);
    }
    CHECK(cr_enter_cs(id) == 0);
    __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    CHECK(cr_leave_cs(id) == 0);
  }
  return nullptr;
}

int nobody_inside(void*) {
  CHECK(__atomic_load_n(&inside, __ATOMIC_SEQ_CST) == 0);
  note('n');
  return 0;
}

void sections_of_many_threads() {
  CHECK(cr_init() >= 0 && cr_register_callback(nobody_inside, nullptr, CR_THREAD_CONTEXT) >= 0);
  pthread_t threads[4];
  for (auto& t : threads) CHECK(pthread_create(&t, nullptr, enter_and_leave, nullptr) == 0);
  for (unsigned i = 1; i <= 100; ++i) stop_and_settle(i);
  running = 0;
  for (auto& t : threads) pthread_join(t, nullptr);
  check_no_failures();
  CHECK(stops() == 100);
}

char hooked[8];
unsigned hook_calls = 0;
void hook(cr_hook_event_t event) {
  hooked[__atomic_fetch_add(&hook_calls, 1, __ATOMIC_SEQ_CST)] = static_cast<char>('0' + event);
}

void hooks() {
  CHECK(cr_init() >= 0);
  char t = 't';
  CHECK(cr_register_hook(CR_NUM_HOOKS, hook) == CR_HOOK_FN_ERROR && errno == EINVAL);
  CHECK(cr_register_hook(CR_HOOK_CONT_NO_CALLBACKS, hook) == nullptr);
  CHECK(cr_register_hook(CR_HOOK_CONT_NO_CALLBACKS, hook) == hook);
  CHECK(cr_register_hook(CR_HOOK_CONT_SIGNAL_CONTEXT, hook) == nullptr);
  CHECK(cr_register_hook(CR_HOOK_CONT_THREAD_CONTEXT, hook) == nullptr);
  one_stop();
  CHECK(hook_calls == 1 && hooked[0] == '0' + CR_HOOK_CONT_NO_CALLBACKS);
  CHECK(cr_register_callback(return_only, &t, CR_SIGNAL_CONTEXT) >= 0);
  one_stop();
  CHECK(hook_calls == 2 && hooked[1] == '0' + CR_HOOK_CONT_SIGNAL_CONTEXT);
  check_no_failures();
}

// The child of a fork has registered nothing and initialised nothing.
void after_fork() {
  CHECK(cr_init() >= 0);
  char t = 't';
  CHECK(cr_register_callback(return_only, &t, CR_THREAD_CONTEXT) >= 0);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(cr_status() == -1 && errno == CR_ENOINIT && cairn_guest_self.thread_callbacks == 0);
    CHECK(cr_init() >= 0 && cr_status() == CR_STATE_IDLE);
    CHECK(cr_register_callback(return_only, &t, CR_THREAD_CONTEXT) >= 0);
    _exit(0);
  }
  int status = -1;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  stop_and_settle(1);
  check_no_failures();
}

void errors() {
  CHECK(cr_enter_cs(0) == -1 && errno == CR_ENOINIT);
  CHECK(cr_register_callback(return_only, nullptr, CR_THREAD_CONTEXT) == -1 && errno == CR_ENOINIT);
  CHECK(cr_init() >= 0);
  CHECK(cr_register_callback(return_only, nullptr, 0) == -1 && errno == EINVAL);
  CHECK(cr_register_callback(return_only, nullptr, CR_THREAD_CONTEXT | CR_SIGNAL_CONTEXT) == -1 && errno == EINVAL);
  CHECK(strcmp(cr_strerror(ENOENT), strerror(ENOENT)) == 0 && cr_strerror(CR_ENOINIT) != nullptr);
  for (int e = CR_ETEMPFAIL; e <= CR_ENOINIT; ++e) CHECK(strstr(cr_strerror(e), "nknown error") == nullptr);
  cr_spinlock_t lock = CR_SPINLOCK_INITIALIZER;
  cr_spinlock_lock(&lock);
  CHECK(cr_spinlock_trylock(&lock) == 0);
  cr_spinlock_unlock(&lock);
  CHECK(cr_spinlock_trylock(&lock) != 0);
}

}  // namespace

int main(int argc, char** argv) {
  return run_cases({{"order", order},
                    {"callbacks_without_cr_checkpoint", callbacks_without_cr_checkpoint},
                    {"failure_of_the_checkpoint", failure_of_the_checkpoint},
                    {"temporary_refusal", temporary_refusal},
                    {"permanent_refusal", permanent_refusal},
                    {"refusal_with_a_code", refusal_with_a_code},
                    {"refusal_with_a_text", refusal_with_a_text},
                    {"replacing", replacing},
                    {"calls_in_callbacks", calls_in_callbacks},
                    {"critical_section", critical_section},
                    {"critical_section_with_callback", critical_section_with_callback},
                    {"section_held_too_long", section_held_too_long},
                    {"sections_reopened_by_a_callback", sections_reopened_by_a_callback},
                    {"sections_of_many_threads", sections_of_many_threads},
                    {"hooks", hooks},
                    {"after_fork", after_fork},
                    {"errors", errors}},
                   argc, argv);
}
