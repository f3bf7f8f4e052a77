// SPDX-License-Identifier: Apache-2.0
// The request calls of libcr.h. Ordinary code.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/abi/checkpoint_scope.hpp"
#include "core/abi/layout.h"
#include "core/base/futex.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/guest/chain.hpp"
#include "core/guest/export.hpp"
#include "core/guest/host.hpp"
#include "core/guest/libcr.h"
#include "core/guest/open_handles.hpp"
#include "core/guest/open_requests.hpp"
#include "core/guest/request.hpp"
#include "core/guest/request_calls.hpp"
#include "core/guest/thread_state.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr unsigned kRefused = CR_CHKPT_PTRACED_ALLOW | CR_CHKPT_PTRACED_SKIP | CR_CHKPT_PTRACER_SKIP;
constexpr unsigned kKnown = CR_CHKPT_PROHIBIT_SELF | CR_CHKPT_ASYNC_ERR | CR_CHKPT_DUMP_ALL | kRefused;

OpenRequests<Request> open_requests;
using InUse = OpenRequests<Request>::InUse;

cairn_control_request blank() {
  cairn_control_request request{};
  request.command = CAIRN_CONTROL_CHECKPOINT;
  return request;
}

// The last self-made request, for cr_get_checkpoint_info(). Written before the request is made.
cr_checkpoint_info last_info{0, "", 0, 0, CR_SCOPE_PROC};

// What is asked of whom.
struct Asked {
  pid_t target;  // the process that is asked
  cairn_control_request request;
  int descriptor;
  cr_scope_t scope = CR_SCOPE_PROC;
  pid_t id = 0;  // of the process, process group or session
};

// Sends it off. 0 or an errno.
int submit(Request& request, const Asked& asked) {
  const bool self = hosted() && asked.target == own_pid();
  if (self) last_info = {asked.request.signal, "", own_pid(), asked.id, asked.scope};
  const int error = self ? request.ask_self(asked.request, asked.descriptor)
                         : request.ask_process(asked.target, asked.request, asked.descriptor);
  return error == EBUSY ? CR_ETEMPFAIL : error;
}

int open_directory(const char* path) { return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

bool is_of_group_or_session(cr_scope_t scope) { return scope == CR_SCOPE_PGRP || scope == CR_SCOPE_SESS; }

int check(const cr_checkpoint_args_t& args) {
  const bool scope_is_known = args.cr_scope >= CR_SCOPE_PROC && args.cr_scope <= CR_SCOPE_TREE;
  if (args.cr_version != CR_CHECKPOINT_ARGS_VERSION || !scope_is_known || args.cr_target < 0) return EINVAL;
  if (args.cr_signal < 0 || args.cr_signal >= CAIRN_STOP_SIGNAL || (args.cr_flags & ~kKnown) != 0) return EINVAL;
  if (args.cr_fd != CR_DEST_CWD && fcntl(args.cr_fd, F_GETFD) < 0) return EBADF;
  return (args.cr_flags & kRefused) != 0 ? ENOSYS : 0;
}

// Of which process, process group or session; and who is to be asked: 0 if there is none.
void find_target(const cr_checkpoint_args_t& args, Asked& asked) {
  asked.scope = args.cr_scope;
  asked.id = args.cr_target;
  if (!is_of_group_or_session(args.cr_scope)) {
    if (asked.id == 0) asked.id = own_pid();
    if (args.cr_scope == CR_SCOPE_TREE) asked.request.flags |= CAIRN_CONTROL_TREE;
    asked.target = asked.id;
    return;
  }
  const Scope scope = args.cr_scope == CR_SCOPE_PGRP ? Scope::group : Scope::session;
  if (asked.id == 0) asked.id = scope == Scope::group ? getpgrp() : getsid(0);
  asked.request.flags |= CAIRN_CONTROL_TREE | flags_of_scope(scope);
  asked.target = leader_of_scope(scope, asked.id);
}

// The caller, or an ancestor of his.
bool would_save_caller(const Asked& asked) {
  const Scope scope = scope_of_flags(asked.request.flags);
  const bool with_children = (asked.request.flags & CAIRN_CONTROL_TREE) != 0;
  for (pid_t pid = own_pid(); pid > 0; pid = with_children ? checkpoint_scope::look_at(pid).parent : 0) {
    if (pid == asked.target || is_in_scope(pid, scope, asked.target)) return true;
  }
  return false;
}

// To context.<id> in the working directory, or to an open descriptor.
int submit_args(Request& request, const cr_checkpoint_args_t& args) {
  Asked asked{.target = 0, .request = blank(), .descriptor = args.cr_fd};
  find_target(args, asked);
  if (asked.target == 0) return ESRCH;
  if ((args.cr_flags & CR_CHKPT_PROHIBIT_SELF) != 0 && would_save_caller(asked)) return EDEADLK;
  asked.request.signal = args.cr_signal;
  asked.request.parameters.timeout = args.cr_timeout;
  asked.request.parameters.by_reference = (args.cr_flags & CR_CHKPT_DUMP_ALL) == 0;
  if (args.cr_fd != CR_DEST_CWD) {
    asked.request.flags |= CAIRN_CONTROL_TO_FD;
    return submit(request, asked);
  }
  snprintf(asked.request.name, sizeof asked.request.name, "context.%d", static_cast<int>(asked.id));
  asked.descriptor = open_directory(".");
  if (asked.descriptor < 0) return errno;
  const int error = submit(request, asked);
  close(asked.descriptor);
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

// Of the caller, and nobody asks how it went.
int request_self(const cairn_control_request& request, int descriptor) {
  Request* const made = Request::make();
  if (made == nullptr) return fail(ENOMEM);
  const int error = submit(*made, {.target = own_pid(), .request = request, .descriptor = descriptor, .id = own_pid()});
  if (error == 0) return forget(made);
  Request::destroy(made);
  return fail(error);
}

int request_self_to(const char* directory, const char* name) {
  if (state.initialised == 0) return fail(CR_ENOINIT);
  cairn_control_request request = blank();
  if (name[0] == '\0' || strlen(name) >= sizeof request.name) return fail(EINVAL);
  strcpy(request.name, name);
  const int fd = open_directory(directory);
  if (fd < 0) return -1;
  const int result = request_self(request, fd);
  const int error = errno;
  close(fd);
  errno = error;
  return result;
}

}  // namespace

void cairn::guest::reset_requests() {
  open_requests.reset([](Request&) {});
}

CAIRN_EXPORT int cri_init_checkpoint_args_t(cr_version_t version, cr_checkpoint_args_t* args) {
  if (version != CR_CHECKPOINT_ARGS_VERSION) return fail(CR_EVERSION);
  *args = {version, CR_SCOPE_PROC, 0, -1, 0, 0, CR_CHKPT_DUMP_ALL};
  return 0;
}

CAIRN_EXPORT int cr_request_checkpoint(cr_checkpoint_args_t* args, cr_checkpoint_handle_t* handle) {
  if (args == nullptr || handle == nullptr) return fail(EINVAL);
  // Asking for another process's checkpoint takes no host of one's own.
  const bool of_itself =
      args->cr_target == 0 || (args->cr_target == own_pid() && !is_of_group_or_session(args->cr_scope));
  if (of_itself && state.initialised == 0) return fail(hosted() ? CR_ENOINIT : CR_ENOSUPPORT);
  int error = check(*args);
  if (error == 0) error = open_requests.open(*handle, [=](Request& request) { return submit_args(request, *args); });
  return error != 0 ? fail(error) : 0;
}

CAIRN_EXPORT int cr_wait_checkpoint(cr_checkpoint_handle_t* handle, struct timeval* limit) {
  const InUse request(open_requests, handle);
  return request ? request->wait(limit) : fail(EINVAL);
}

CAIRN_EXPORT int cr_log_checkpoint(cr_checkpoint_handle_t* handle, unsigned size, char* text) {
  const InUse request(open_requests, handle);
  if (!request) return fail(EINVAL);
  const char* log = request->done() ? request->text() : "";
  return hand_out(strlen(log), size, text, [log](char* to, std::size_t n) {
    memcpy(to, log, n);
    return n;
  });
}

CAIRN_EXPORT int cr_reap_checkpoint(cr_checkpoint_handle_t* handle) {
  InUse request(open_requests, handle);
  if (!request) return fail(EINVAL);
  if (!request->done()) return fail(EAGAIN);
  if (!request.use_up()) return fail(EINVAL);
  const int error = request->error();
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
  return request_self(request, fd);
}

CAIRN_EXPORT const struct cr_checkpoint_info* cr_get_checkpoint_info(void) {
  return state.chain != nullptr ? &last_info : nullptr;
}

CAIRN_EXPORT const struct cr_restart_info* cr_get_restart_info(void) {
  static cr_restart_info info{0, ""};
  if (state.chain == nullptr || times_restarted() == 0) return nullptr;
  info.requester = static_cast<pid_t>(raw_syscall(SYS_getppid));
  return &info;
}
