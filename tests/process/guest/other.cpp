// SPDX-License-Identifier: Apache-2.0
// Two programs of a test: one that is asked for a checkpoint, with callbacks that take their time after it, and one
// that asks.
//   guest_other FLAG goes_on|refuses      is asked; its callbacks make the files "thread" and "signal" as they return
//   guest_other ask PID                   asks by libcr, for the file "other"; says how it ended and which files exist
//   guest_other ask_as_older PID          the same as an older libcr asked
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/abi/control_address.hpp"
#include "core/abi/control_protocol.hpp"
#include "core/abi/self_request_v1.hpp"
#include "core/base/descriptor_message.hpp"
#include "core/guest/libcr.h"
#include "tests/lib/subject.hpp"

namespace {

constexpr const char* kFile = "other";

bool exists(const char* name) { return access(name, F_OK) == 0; }

// --- that is asked ---

volatile bool registered = false;
int verdict_of_thread = CR_CHECKPOINT_READY;

void dawdle(const char* name) {
  for (int i = 0; i < 300; ++i) subject::nap();
  close(open(name, O_WRONLY | O_CREAT, 0600));
}
int in_thread(void*) {
  cr_checkpoint(verdict_of_thread);
  dawdle("thread");
  return 0;
}
int in_signal(void*) {
  cr_checkpoint(CR_CHECKPOINT_READY);
  dawdle("signal");
  dawdle("signal-too");
  return 0;
}
void* has_signal_callback(void*) {
  CHECK(cr_init() >= 0);
  CHECK(cr_register_callback(in_signal, nullptr, CR_SIGNAL_CONTEXT) >= 0);
  registered = true;
  for (;;) pause();
}

int be_asked(const char* flag, const char* how) {
  if (strcmp(how, "refuses") == 0) verdict_of_thread = CR_CHECKPOINT_TEMP_FAILURE;
  pthread_t thread;
  CHECK(cr_init() >= 0);
  CHECK(pthread_create(&thread, nullptr, has_signal_callback, nullptr) == 0);
  while (!registered) subject::nap();
  CHECK(cr_register_callback(in_thread, nullptr, CR_THREAD_CONTEXT) >= 0);
  subject::stay_until_asked(flag, subject::nap);
  return subject::verdict();
}

// --- that asks ---

void say_what_is_there() {
  for (const char* name : {kFile, "thread", "signal", "signal-too"}) {
    if (exists(name)) printf("there: %s\n", name);
  }
}

int ask(pid_t pid) {
  cr_checkpoint_args_t args;
  cr_checkpoint_handle_t handle = 0;
  cr_initialize_checkpoint_args_t(&args);
  args.cr_target = pid;
  args.cr_fd = open(kFile, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (cr_request_checkpoint(&args, &handle) != 0) return 1;
  char* text = nullptr;
  const int result = cr_poll_checkpoint_msg(&handle, nullptr, &text);
  const int error = errno;
  say_what_is_there();
  if (result > 0) printf("saved\n");
  if (result < 0) printf("failed: %s: %s\n", cr_strerror(error), text != nullptr ? text : "");
  free(text);
  return 0;
}

int ask_as_older(pid_t pid) {
  using namespace cairn;
  const ControlAddress address(pid);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(fd, address.get(), address.length()) != 0) return 1;
  v1::ControlRequest request{};
  request.magic = CAIRN_CONTROL_MAGIC;
  request.version = v1::kControlVersion;
  request.size = sizeof request;
  request.command = CAIRN_CONTROL_CHECKPOINT;
  request.flags = v1::kToFile;
  const int file = open(kFile, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (DescriptorMessage(&request, sizeof request).send(fd, file) != sizeof request) return 1;
  v1::ControlReply reply{};
  do {
    const ssize_t n = recv(fd, &reply, sizeof reply, 0);
    if (n != sizeof reply || reply.version != v1::kControlVersion || reply.size != sizeof reply) {
      printf("an answer of %zd bytes, version %u: %s\n", n, reply.version, reply.text);
      return 1;
    }
  } while (reply.state != CAIRN_CONTROL_DONE);
  say_what_is_there();
  printf(reply.code == 0 && reply.bytes > 0 ? "saved\n" : "failed: %s\n", reply.text);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  if (strcmp(argv[1], "ask") == 0) return ask(atoi(argv[2]));
  if (strcmp(argv[1], "ask_as_older") == 0) return ask_as_older(atoi(argv[2]));
  return be_asked(argv[1], argv[2]);
}
