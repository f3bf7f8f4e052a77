// SPDX-License-Identifier: Apache-2.0
// A program that checkpoints itself, through each of libcr's calls. guest_self FLAG CASE; the context file is
// "itself" in the working directory. Prints SAVED in the process that goes on, RESTARTED in the one that comes out
// of the file.
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

namespace {

constexpr const char* kFile = "itself";

void say(const char* word) {
  printf("%s\n", word);
  fflush(stdout);
}

// Waits for the end of a request and says which of the two processes this is.
void conclude(cr_checkpoint_handle_t& handle) {
  char* text = nullptr;
  const int result = cr_poll_checkpoint_msg(&handle, nullptr, &text);
  if (result < 0) {
    const int error = errno;
    CHECK_EQUAL(result, CR_POLL_CHKPT_ERR_POST);
    CHECK_EQUAL(error, CR_ERESTARTED);
    if (error != CR_ERESTARTED) printf("%s: %s\n", cr_strerror(error), text != nullptr ? text : "");
    say("RESTARTED");
  } else {
    struct stat status = {};
    CHECK(result > 0 && stat(kFile, &status) == 0 && status.st_size > 0);
    say("SAVED");
  }
  free(text);
}

void to_descriptor() {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  CHECK(cr_initialize_checkpoint_args_t(&args) == 0);
  args.cr_scope = CR_SCOPE_PROC;
  args.cr_fd = open(kFile, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  CHECK(args.cr_fd >= 0);
  CHECK(cr_request_checkpoint(&args, &handle) == 0);
  close(args.cr_fd);
  conclude(handle);
}

// The answer comes when all callbacks have returned, those of threads and those of signals.
volatile bool thread_through = false, signal_through = false, registered = false;
int dawdle(void* through) {
  cr_checkpoint(CR_CHECKPOINT_READY);
  for (int i = 0; i < 100; ++i) subject::nap();
  *static_cast<volatile bool*>(through) = true;
  return 0;
}
void* dawdle_in_a_thread(void*) {
  CHECK(cr_init() >= 0);
  CHECK(cr_register_callback(dawdle, const_cast<bool*>(&signal_through), CR_SIGNAL_CONTEXT) >= 0);
  registered = true;
  for (;;) pause();
}
void slow_callbacks() {
  pthread_t thread;
  CHECK(pthread_create(&thread, nullptr, dawdle_in_a_thread, nullptr) == 0);
  while (!registered) subject::nap();
  CHECK(cr_register_callback(dawdle, const_cast<bool*>(&thread_through), CR_THREAD_CONTEXT) >= 0);
  to_descriptor();
  CHECK(thread_through && signal_through);
  CHECK_EQUAL(cr_status(), CR_STATE_IDLE);
  CHECK_EQUAL(cr_tryenter_cs(0), 0);
  CHECK(cr_leave_cs(0) == 0);
}

int callback_result = -1;
int callback(void*) {
  callback_result = cr_checkpoint(0);
  return 0;
}

// As many programs did: the critical section is where the request takes effect.
void with_critical_section() {
  CHECK(cr_register_callback(callback, nullptr, CR_SIGNAL_CONTEXT) >= 0);
  CHECK(cr_enter_cs(0) == 0);
  CHECK(cr_request_file(kFile) == 0);
  CHECK_EQUAL(cr_tryenter_cs(0), 0);
  CHECK(cr_leave_cs(0) == 0);
  CHECK_EQUAL(callback_result, -1);
  while (cr_status() != CR_STATE_PENDING) subject::nap();
  CHECK(cr_leave_cs(0) == 0);  // the checkpoint is taken in here
  while (callback_result < 0) subject::nap();
  if (callback_result > 0) {
    say("RESTARTED");
    return;
  }
  struct stat status = {};
  while (stat(kFile, &status) != 0) subject::nap();
  say("SAVED");
}

void refused_requests() {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  CHECK(cr_initialize_checkpoint_args_t(&args) == 0);
  args.cr_fd = 999;
  CHECK(cr_request_checkpoint(&args, &handle) == -1 && errno == EBADF);
  args.cr_fd = CR_DEST_CWD;
  args.cr_flags |= CR_CHKPT_PROHIBIT_SELF;
  CHECK(cr_request_checkpoint(&args, &handle) == -1 && errno == EDEADLK);
  const auto senseless = [&](auto change, int error) {
    cr_checkpoint_args_t bad = args;
    bad.cr_flags = 0;
    change(bad);
    CHECK(cr_request_checkpoint(&bad, &handle) == -1);
    CHECK_EQUAL(errno, error);
  };
  senseless([](auto& bad) { bad.cr_scope = static_cast<cr_scope_t>(17); }, EINVAL);
  senseless([](auto& bad) { bad.cr_signal = 9999; }, EINVAL);
  senseless([](auto& bad) { bad.cr_signal = -1; }, EINVAL);
  senseless([](auto& bad) { bad.cr_target = -5; }, EINVAL);
  senseless([](auto& bad) { bad.cr_flags = 0x40000000; }, EINVAL);
  senseless([](auto& bad) { bad.cr_flags = CR_CHKPT_PTRACED_SKIP; }, ENOSYS);
  senseless([](auto& bad) { bad.cr_version = 7; }, EINVAL);
  cr_checkpoint_handle_t none = 0x1234;
  timeval at_once{0, 0};
  CHECK(cr_wait_checkpoint(&none, &at_once) == -1 && errno == EINVAL);
  CHECK(cr_log_checkpoint(&none, 0, nullptr) == -1 && errno == EINVAL);
  CHECK(cr_reap_checkpoint(&none) == -1 && errno == EINVAL);
  args.cr_flags = 0;
  args.cr_target = 1;  // not hosted
  CHECK(cr_request_checkpoint(&args, &handle) == -1 && errno == CR_ENOSUPPORT);
  // The callback refuses: the request fails with its reason.
  CHECK(cr_register_callback(
            [](void*) {
              CHECK(cr_set_refusal("not\non a \033[31mSunday") == 0);
              cr_checkpoint(CR_CHECKPOINT_TEMP_FAILURE);
              return 0;
            },
            nullptr, CR_THREAD_CONTEXT) >= 0);
  args.cr_target = 0;
  CHECK(cr_request_checkpoint(&args, &handle) == 0);
  char* text = nullptr;
  CHECK_EQUAL(cr_poll_checkpoint_msg(&handle, nullptr, &text), CR_POLL_CHKPT_ERR_POST);
  CHECK_EQUAL(errno, CR_ETEMPFAIL);
  CHECK(text != nullptr && strstr(text, "not on a  [31mSunday") != nullptr);
  free(text);
  struct stat status = {};
  char name[32];
  snprintf(name, sizeof name, "context.%d", getpid());
  CHECK(stat(name, &status) == -1);
  say("REFUSED");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  CHECK(cr_init() >= 0);
  if (strcmp(argv[2], "to_descriptor") == 0) to_descriptor();
  if (strcmp(argv[2], "slow_callbacks") == 0) slow_callbacks();
  if (strcmp(argv[2], "with_critical_section") == 0) with_critical_section();
  if (strcmp(argv[2], "refused_requests") == 0) refused_requests();
  subject::stay_until_asked(argv[1], subject::nap);
  return subject::verdict();
}
