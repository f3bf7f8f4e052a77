// SPDX-License-Identifier: Apache-2.0
// Threads of the resident half: detached, named, all signals blocked (signals belong to the guest).
#pragma once

#include <pthread.h>
#include <signal.h>

#include <functional>
#include <thread>

namespace cairn::pmix {

inline void start_host_thread(const char* name, std::function<void()> body) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  std::thread thread(std::move(body));
  pthread_setname_np(thread.native_handle(), name);
  thread.detach();
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

}  // namespace cairn::pmix
