// SPDX-License-Identifier: Apache-2.0
// The restart calls of libcr.h, and the requests that are open: a handle that is none, or used up, is known by that.
// Ordinary code, any thread.
#include "core/guest/restarts.hpp"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/abi/layout.h"
#include "core/guest/export.hpp"
#include "core/guest/libcr.h"
#include "core/guest/request_calls.hpp"
#include "core/guest/restart_request.hpp"

using namespace cairn;
using namespace cairn::guest;

namespace {

constexpr unsigned kRefused = CR_RSTRT_RESTORE_PGID | CR_RSTRT_RESTORE_SID;
constexpr unsigned kKnown = CR_RSTRT_ASYNC_ERR | CR_RSTRT_RESTORE_PID | kRefused;

struct Open {
  Open* next;
  RestartRequest* request;
  unsigned users;  // calls that use it now
  bool used_up;    // the last of them ends it
};
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
Open* first_open = nullptr;

// For the time of a call.
class InUse {
 public:
  explicit InUse(const cr_restart_handle_t* handle) {
    if (handle == nullptr) return;
    pthread_mutex_lock(&lock);
    for (Open* one = first_open; one != nullptr && open_ == nullptr; one = one->next) {
      if (one == reinterpret_cast<Open*>(*handle) && !one->used_up) open_ = one;
    }
    if (open_ != nullptr) ++open_->users;
    pthread_mutex_unlock(&lock);
  }
  ~InUse() {
    if (open_ == nullptr) return;
    const int error = errno;
    pthread_mutex_lock(&lock);
    const bool last = --open_->users == 0 && open_->used_up;
    if (last) unlink();
    pthread_mutex_unlock(&lock);
    if (last) {
      RestartRequest::destroy(open_->request);
      free(open_);
    }
    errno = error;
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

  explicit operator bool() const { return open_ != nullptr; }
  RestartRequest* operator->() const { return open_->request; }
  // False if another thread has been faster.
  bool use_up() {
    pthread_mutex_lock(&lock);
    const bool first = !open_->used_up;
    open_->used_up = true;
    pthread_mutex_unlock(&lock);
    return first;
  }

 private:
  void unlink() {
    Open** place = &first_open;
    while (*place != open_) place = &(*place)->next;
    *place = open_->next;
  }

  Open* open_ = nullptr;
};

void add(Open* one) {
  pthread_mutex_lock(&lock);
  one->next = first_open;
  first_open = one;
  pthread_mutex_unlock(&lock);
}

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
  pthread_mutex_init(&lock, nullptr);
  for (Open* one = first_open; one != nullptr; one = one->next) one->request->forget_readers();
}

CAIRN_EXPORT int cri_init_restart_args_t(cr_version_t version, cr_restart_args_t* args) {
  if (version != CR_RESTART_ARGS_VERSION) return fail(CR_EVERSION);
  *args = {version, -1, 0, CR_RSTRT_RESTORE_PID, nullptr};
  return 0;
}

CAIRN_EXPORT int cr_request_restart(cr_restart_args_t* args, cr_restart_handle_t* handle) {
  if (args == nullptr || handle == nullptr) return fail(EINVAL);
  int error = check(*args);
  if (error != 0) return fail(error);
  auto* const one = static_cast<Open*>(calloc(1, sizeof(Open)));
  RestartRequest* const request = one != nullptr ? RestartRequest::make() : nullptr;
  error = request != nullptr ? request->start(*args) : ENOMEM;
  if (error != 0) {
    if (request != nullptr) RestartRequest::destroy(request);
    free(one);
    return fail(error);
  }
  one->request = request;
  add(one);
  *handle = reinterpret_cast<cr_restart_handle_t>(one);
  return 0;
}

CAIRN_EXPORT int cr_wait_restart(cr_restart_handle_t* handle, struct timeval* limit) {
  const InUse request(handle);
  return request ? request->wait(limit) : fail(EINVAL);
}

CAIRN_EXPORT int cr_log_restart(cr_restart_handle_t* handle, unsigned size, char* text) {
  const InUse request(handle);
  if (!request) return fail(EINVAL);
  return hand_out(request->text_size(), size, text, [&](char* to, std::size_t n) { return request->read_text(to, n); });
}

CAIRN_EXPORT int cr_reap_restart(cr_restart_handle_t* handle) {
  InUse request(handle);
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
