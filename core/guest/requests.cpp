// SPDX-License-Identifier: Apache-2.0
// The request calls of libcr.h. Ordinary code.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/chain.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/libcr.h"
#include "core/guest/request.hpp"
#include "core/guest/request_calls.hpp"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

Request* request_of(const cr_checkpoint_handle_t* handle) {
  return handle != nullptr ? reinterpret_cast<Request*>(*handle) : nullptr;
}

cairn_control_request blank() {
  cairn_control_request request{};
  request.command = CAIRN_CONTROL_CHECKPOINT;
  return request;
}

// The last self-made request, for cr_get_checkpoint_info(). Written before the request is made.
cr_checkpoint_info last_info{0, "", 0, 0, CR_SCOPE_PROC};

// Sends the request off. 0 or an errno; *made is the request, also where it has failed after the fact.
int submit(pid_t target, const cairn_control_request& asked, int descriptor, Request** made) {
  Request* request = Request::make();
  if (request == nullptr) return ENOMEM;
  const bool self = hosted() && target == own_pid();
  if (self) last_info = {asked.signal, "", target, target, CR_SCOPE_PROC};
  const int error = self ? request->ask_self(asked, descriptor) : request->ask_process(target, asked, descriptor);
  if (error == 0) {
    *made = request;
  } else {
    Request::destroy(request);
  }
  return error == EBUSY ? CR_ETEMPFAIL : error;
}

int open_directory(const char* path) { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

// To context.<target> in the working directory, or to an open descriptor.
int submit_args(const cr_checkpoint_args_t& args, Request** made) {
  const pid_t target = args.cr_target != 0 ? args.cr_target : own_pid();
  if (args.cr_scope == CR_SCOPE_PGRP || args.cr_scope == CR_SCOPE_SESS) return ENOSYS;
  if (target == own_pid() && (args.cr_flags & CR_CHKPT_PROHIBIT_SELF) != 0) return EDEADLK;
  cairn_control_request request = blank();
  request.signal = args.cr_signal;
  request.parameters.timeout = args.cr_timeout;
  request.parameters.by_reference = (args.cr_flags & CR_CHKPT_DUMP_ALL) == 0;
  if (args.cr_fd != CR_DEST_CWD) {
    if (fcntl(args.cr_fd, F_GETFD) < 0) return EBADF;
    request.flags |= CAIRN_CONTROL_TO_FD;
    return submit(target, request, args.cr_fd, made);
  }
  snprintf(request.name, sizeof request.name, "context.%d", static_cast<int>(target));
  const int directory = open_directory(".");
  if (directory < 0) return errno;
  const int error = submit(target, request, directory, made);
  close(directory);
  return error;
}

// The old calls know no handle: their requests are kept until they are done.
constexpr int kMaxForgotten = 16;
Request* forgotten[kMaxForgotten];

int forget(Request* request) {
  for (Request*& slot : forgotten) {
    Request* old = __atomic_load_n(&slot, __ATOMIC_ACQUIRE);
    if (old != nullptr && !old->done()) continue;
    if (!__atomic_compare_exchange_n(&slot, &old, request, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    if (old != nullptr) Request::destroy(old);
    return 0;
  }
  return 0;  // lost, but still being served
}

int request_self_to(const char* directory, const char* name) {
  if (state.initialised == 0) return fail(CR_ENOINIT);
  cairn_control_request request = blank();
  if (name[0] == '\0' || strlen(name) >= sizeof request.name) return fail(EINVAL);
  strcpy(request.name, name);
  const int fd = open_directory(directory);
  if (fd < 0) return -1;
  Request* made = nullptr;
  const int error = submit(own_pid(), request, fd, &made);
  close(fd);
  return error != 0 ? fail(error) : forget(made);
}

}  // namespace

CAIRN_EXPORT int cri_init_checkpoint_args_t(cr_version_t version, cr_checkpoint_args_t* args) {
  if (version != CR_CHECKPOINT_ARGS_VERSION) return fail(CR_EVERSION);
  *args = {version, CR_SCOPE_PROC, 0, -1, 0, 0, CR_CHKPT_DUMP_ALL};
  return 0;
}

CAIRN_EXPORT int cr_request_checkpoint(cr_checkpoint_args_t* args, cr_checkpoint_handle_t* handle) {
  // Asking for another process's checkpoint takes no host of one's own.
  const bool of_itself = args != nullptr && (args->cr_target == 0 || args->cr_target == own_pid());
  if (of_itself && state.initialised == 0) return fail(hosted() ? CR_ENOINIT : CR_ENOSUPPORT);
  if (args == nullptr || handle == nullptr || args->cr_version != CR_CHECKPOINT_ARGS_VERSION) return fail(EINVAL);
  Request* made = nullptr;
  const int error = submit_args(*args, &made);
  if (error != 0) return fail(error);
  *handle = reinterpret_cast<cr_checkpoint_handle_t>(made);
  return 0;
}

CAIRN_EXPORT int cr_wait_checkpoint(cr_checkpoint_handle_t* handle, struct timeval* limit) {
  Request* request = request_of(handle);
  return request != nullptr ? request->wait(limit) : fail(EINVAL);
}

CAIRN_EXPORT int cr_log_checkpoint(cr_checkpoint_handle_t* handle, unsigned size, char* text) {
  Request* request = request_of(handle);
  if (request == nullptr) return fail(EINVAL);
  const char* log = request->done() ? request->text() : "";
  return hand_out(strlen(log), size, text, [log](char* to, std::size_t n) {
    memcpy(to, log, n);
    return n;
  });
}

CAIRN_EXPORT int cr_reap_checkpoint(cr_checkpoint_handle_t* handle) {
  Request* request = request_of(handle);
  if (request == nullptr) return fail(EINVAL);
  if (!request->done()) return fail(EAGAIN);
  const int error = request->error();
  Request::destroy(request);
  *handle = 0;
  return error != 0 ? fail(error) : 1;
}

CAIRN_EXPORT int cr_poll_checkpoint_msg(cr_checkpoint_handle_t* handle, struct timeval* limit, char** text) {
  constexpr PollFailures kFailures{CR_POLL_CHKPT_ERR_PRE, CR_POLL_CHKPT_ERR_LOG, CR_POLL_CHKPT_ERR_POST};
  return poll_request(kFailures, cr_wait_checkpoint, cr_log_checkpoint, cr_reap_checkpoint, handle, limit, text);
}

CAIRN_EXPORT int cr_poll_checkpoint(cr_checkpoint_handle_t* handle, struct timeval* limit) {
  return cr_poll_checkpoint_msg(handle, limit, nullptr);
}

CAIRN_EXPORT int cr_request(void) {
  char name[32];
  snprintf(name, sizeof name, "context.%d", own_pid());
  return request_self_to(".", name);
}

CAIRN_EXPORT int cr_request_file(const char* path) {
  const char* slash = strrchr(path, '/');
  if (slash == nullptr) return request_self_to(".", path);
  char directory[4096] = "/";
  const auto length = static_cast<std::size_t>(slash - path);
  if (length >= sizeof directory) return fail(ENAMETOOLONG);
  if (length > 0) {
    memcpy(directory, path, length);
    directory[length] = '\0';
  }
  return request_self_to(directory, slash + 1);
}

CAIRN_EXPORT int cr_request_fd(int fd) {
  if (state.initialised == 0) return fail(CR_ENOINIT);
  if (fcntl(fd, F_GETFD) < 0) return -1;
  cairn_control_request request = blank();
  request.flags |= CAIRN_CONTROL_TO_FD;
  Request* made = nullptr;
  const int error = submit(own_pid(), request, fd, &made);
  return error != 0 ? fail(error) : forget(made);
}

CAIRN_EXPORT const struct cr_checkpoint_info* cr_get_checkpoint_info(void) {
  return state.chain != nullptr ? &last_info : nullptr;
}

CAIRN_EXPORT const struct cr_restart_info* cr_get_restart_info(void) {
  static cr_restart_info info{0, ""};
  if (state.chain == nullptr || load(cairn_guest_self.generation) == 0) return nullptr;
  info.requester = static_cast<pid_t>(raw_syscall(SYS_getppid));
  return &info;
}
