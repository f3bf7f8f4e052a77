// SPDX-License-Identifier: Apache-2.0
// The restart calls of libcr.h. Ordinary code, any thread.
#include <errno.h>
#include <fcntl.h>

#include "core/abi/layout.h"
#include "core/guest/export.hpp"
#include "core/guest/libcr.h"
#include "core/guest/open_handles.hpp"
#include "core/guest/open_requests.hpp"
#include "core/guest/request_calls.hpp"
#include "core/guest/restart_request.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr unsigned kRefused = CR_RSTRT_RESTORE_PGID | CR_RSTRT_RESTORE_SID;
constexpr unsigned kKnown = CR_RSTRT_ASYNC_ERR | CR_RSTRT_RESTORE_PID | kRefused;

OpenRequests<RestartRequest> open_requests;
using InUse = OpenRequests<RestartRequest>::InUse;

bool is_path(const char* path) { return path != nullptr && *path != '\0'; }

int check(const cr_restart_args_t& args) {
  if (args.cr_version != CR_RESTART_ARGS_VERSION || (args.cr_flags & ~kKnown) != 0) return EINVAL;
  if (args.cr_signal < 0 || args.cr_signal >= CAIRN_STOP_SIGNAL) return EINVAL;
  const cr_rstrt_relocate* relocate = args.cr_relocate;
  if (relocate != nullptr && relocate->count > CR_MAX_RSTRT_RELOC) return EINVAL;
  for (unsigned i = 0; relocate != nullptr && i < relocate->count; ++i) {
    if (!is_path(relocate->path[i].oldpath) || !is_path(relocate->path[i].newpath)) return EINVAL;
  }
  if (fcntl(args.cr_fd, F_GETFD) < 0) return EBADF;
  return (args.cr_flags & kRefused) != 0 ? ENOSYS : 0;
}

}  // namespace

void cairn::guest::reset_restarts() {
  open_requests.reset([](RestartRequest& request) { request.forget_readers(); });
}

CAIRN_EXPORT int cri_init_restart_args_t(cr_version_t version, cr_restart_args_t* args) {
  if (version != CR_RESTART_ARGS_VERSION) return fail(CR_EVERSION);
  *args = {version, -1, 0, CR_RSTRT_RESTORE_PID, nullptr};
  return 0;
}

CAIRN_EXPORT int cr_request_restart(cr_restart_args_t* args, cr_restart_handle_t* handle) {
  if (args == nullptr || handle == nullptr) return fail(EINVAL);
  int error = check(*args);
  if (error == 0) error = open_requests.open(*handle, [=](RestartRequest& request) { return request.start(*args); });
  return error != 0 ? fail(error) : 0;
}

CAIRN_EXPORT int cr_wait_restart(cr_restart_handle_t* handle, struct timeval* limit) {
  const InUse request(open_requests, handle);
  return request ? request->wait(limit) : fail(EINVAL);
}

CAIRN_EXPORT int cr_log_restart(cr_restart_handle_t* handle, unsigned size, char* text) {
  const InUse request(open_requests, handle);
  if (!request) return fail(EINVAL);
  return hand_out(request->text_size(), size, text, [&](char* to, std::size_t n) { return request->read_text(to, n); });
}

CAIRN_EXPORT int cr_reap_restart(cr_restart_handle_t* handle) {
  InUse request(open_requests, handle);
  if (!request) return fail(EINVAL);
  if (!request->done()) return fail(EAGAIN);
  if (!request.use_up()) return fail(EINVAL);
  *handle = 0;
  const int error = request->conclude();
  return error != 0 ? fail(error) : request->pid();
}

CAIRN_EXPORT int cr_poll_restart_msg(cr_restart_handle_t* handle, struct timeval* limit, char** text) {
  constexpr PollFailures kFailures{CR_POLL_RSTRT_ERR_PRE, CR_POLL_RSTRT_ERR_LOG, CR_POLL_RSTRT_ERR_POST};
  return poll_request(kFailures, cr_wait_restart, cr_log_restart, cr_reap_restart, handle, limit, text);
}

CAIRN_EXPORT int cr_poll_restart(cr_restart_handle_t* handle, struct timeval* limit) {
  return cr_poll_restart_msg(handle, limit, nullptr);
}
