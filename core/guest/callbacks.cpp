// SPDX-License-Identifier: Apache-2.0
// Registering callbacks, and the thread that runs the thread-context ones: the guest's side of the callback part
// of core/abi/guest_table.h. Ordinary code.
#include "core/guest/callbacks.hpp"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/futex.hpp"
#include "core/base/spin_lock.hpp"
#include "core/guest/chain.hpp"
#include "core/guest/critical.hpp"
#include "core/guest/export.hpp"
#include "core/guest/hooks.hpp"
#include "core/guest/host.hpp"
#include "core/guest/libcr.h"
#include "core/guest/real.hpp"
#include "core/guest/thread_state.hpp"

namespace cairn::guest {
namespace {

constexpr int kContexts = CR_THREAD_CONTEXT | CR_SIGNAL_CONTEXT;

pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;
Callback* thread_callbacks = nullptr;
bool thread_started = false;
int next_id = 0;

// The host has ended the conversation before it was answered.
bool given_up() { return load(cairn_guest_self.callback_resume) == load(cairn_guest_self.callback_ask); }

// The innermost cr_checkpoint() of the thread-context callbacks.
int converse(int verdict) {
  cairn_guest& g = cairn_guest_self;
  const uint32_t epoch = load(g.callback_ask);
  store(g.callback_verdict, verdict);
  store_and_wake(g.callback_ready, epoch);
  for (uint32_t seen; (seen = load(g.callback_resume)) != epoch;) wait_while(g.callback_resume, seen);
  const int result = verdict != 0 ? -verdict : load(g.callback_result);
  run_hook(result, HookedThread::kCallbackThread);
  return result;
}

void serve(uint32_t epoch) {
  cairn_guest& g = cairn_guest_self;
  g.callback_message[0] = '\0';
  if (close_critical_gate(given_up)) {
    Chain chain(__atomic_load_n(&thread_callbacks, __ATOMIC_ACQUIRE), converse, false);
    chain.run();
  }
  open_critical_gate();
  store_and_wake(g.callback_done, epoch);
}

void* callback_thread(void*) {
  cairn_guest& g = cairn_guest_self;
  state.initialised = 1;
  state.runs_callbacks = 1;
  for (;;) {
    const uint32_t epoch = load(g.callback_ask);
    if (epoch == load(g.callback_done)) {
      wait_while(g.callback_ask, epoch);
    } else {
      serve(epoch);
    }
  }
}

// The thread takes no signal but the stop signal.
int start_callback_thread() {
  sigset_t most, old;
  sigfillset(&most);
  sigdelset(&most, CAIRN_STOP_SIGNAL);
  real().pthread_sigmask(SIG_SETMASK, &most, &old);
  pthread_t thread;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const int error = real().pthread_create(&thread, &attributes, callback_thread, nullptr);
  pthread_attr_destroy(&attributes);
  real().pthread_sigmask(SIG_SETMASK, &old, nullptr);
  return error;
}

int fail(int error) {
  errno = error;
  return -1;
}

Callback* find(Callback* list, int id) {
  for (; list != nullptr; list = list->next) {
    if (list->id == id) return list;
  }
  return nullptr;
}

int register_for_thread(Callback* callback) {
  pthread_mutex_lock(&registering);
  const int error = thread_started ? 0 : start_callback_thread();
  if (error == 0) {
    thread_started = true;
    callback->next = thread_callbacks;
    __atomic_store_n(&thread_callbacks, callback, __ATOMIC_RELEASE);
    __atomic_add_fetch(&cairn_guest_self.thread_callbacks, 1, __ATOMIC_SEQ_CST);
  }
  pthread_mutex_unlock(&registering);
  return error;
}

void replace(Callback& callback, cr_callback_t function, void* argument) {
  AllSignalsBlocked blocked;
  callback.argument = argument;
  __atomic_store_n(&callback.function, function, __ATOMIC_RELEASE);
}

}  // namespace

void reset_callbacks() {
  pthread_mutex_init(&registering, nullptr);
  thread_callbacks = nullptr;
  thread_started = false;
  cairn_guest_self.threads_in_callbacks = state.chain != nullptr && state.chain->in_signal_context() ? 1 : 0;
  state.callbacks = nullptr;
  state.chain = nullptr;
  state.initialised = 0;
  cairn_guest_self.thread_callbacks = 0;
}

void free_signal_callbacks() {
  while (Callback* first = state.callbacks) {
    {
      AllSignalsBlocked blocked;
      state.callbacks = first->next;
    }
    free(first);
  }
}

int verdict_of(int flags) {
  const int code = flags >> 16 & 0xffff;
  if (flags & CR_CHECKPOINT_PERM_FAILURE) return code != 0 ? code : CR_EPERMFAIL;
  if (flags & CR_CHECKPOINT_TEMP_FAILURE) return code != 0 ? code : CR_ETEMPFAIL;
  return flags & CR_CHECKPOINT_OMIT ? CR_EOMITTED : 0;
}

}  // namespace cairn::guest

using namespace cairn;
using namespace cairn::guest;

CAIRN_EXPORT cr_callback_id_t cr_register_callback(cr_callback_t function, void* argument, int flags) {
  if (state.initialised == 0) return fail(CR_ENOINIT);
  if (state.chain != nullptr) return fail(EBUSY);
  if (flags != CR_THREAD_CONTEXT && flags != CR_SIGNAL_CONTEXT) return fail(EINVAL);
  const int number = __atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED);
  if (number >= CR_MAX_CALLBACKS) return fail(ENOSPC);
  auto* callback = static_cast<Callback*>(malloc(sizeof(Callback)));
  if (callback == nullptr) return fail(ENOMEM);
  *callback = {nullptr, function, argument, number | flags};
  if (flags == CR_SIGNAL_CONTEXT) {
    AllSignalsBlocked blocked;
    callback->next = state.callbacks;
    state.callbacks = callback;
  } else if (const int error = register_for_thread(callback); error != 0) {
    free(callback);
    return fail(error);
  }
  return callback->id;
}

CAIRN_EXPORT int cr_replace_callback(cr_callback_id_t id, cr_callback_t function, void* argument, int flags) {
  if (state.initialised == 0) return fail(CR_ENOINIT);
  if (state.chain != nullptr) return fail(EBUSY);
  if (id < 0 || flags != (id & kContexts)) return fail(EINVAL);
  Callback* list = flags == CR_SIGNAL_CONTEXT ? state.callbacks : __atomic_load_n(&thread_callbacks, __ATOMIC_ACQUIRE);
  Callback* callback = find(list, id);
  if (callback == nullptr) return fail(EINVAL);
  replace(*callback, function, argument);
  return 0;
}

CAIRN_EXPORT int cr_replace_self(cr_callback_t function, void* argument, int flags) {
  Callback* callback = state.chain != nullptr ? state.chain->running() : nullptr;
  if (callback == nullptr) return fail(CR_ENOTCB);
  if (flags != (callback->id & kContexts)) return fail(EINVAL);
  replace(*callback, function, argument);
  return 0;
}

CAIRN_EXPORT int cr_checkpoint(int flags) {
  if (state.chain == nullptr) return -CR_ENOTCB;
  return state.chain->checkpoint(verdict_of(flags));
}

CAIRN_EXPORT int cr_reopen_cs(void) {
  if (state.chain == nullptr || state.chain->in_signal_context()) return fail(CR_ENOTCB);
  open_critical_gate();
  return 0;
}

CAIRN_EXPORT int cr_reclose_cs(void) {
  if (state.chain == nullptr || state.chain->in_signal_context()) return fail(CR_ENOTCB);
  return try_close_critical_gate() ? 0 : 1;
}

CAIRN_EXPORT int cr_set_refusal(const char* text) {
  if (state.chain == nullptr || state.chain->in_signal_context()) return fail(CR_ENOTCB);
  char* message = cairn_guest_self.callback_message;
  strncpy(message, text, sizeof cairn_guest_self.callback_message - 1);
  message[sizeof cairn_guest_self.callback_message - 1] = '\0';
  for (char* c = message; *c != '\0'; ++c) {  // it is shown on terminals
    if (iscntrl(static_cast<unsigned char>(*c)) != 0) *c = ' ';
  }
  return 0;
}
