// SPDX-License-Identifier: Apache-2.0
// The requests that are open: a handle that is none, or used up, is known by that. Ordinary code, any thread.
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

namespace cairn::guest {

// A Request has a static make(), which returns null where there is no memory, and destroy(). Constant initialised.
template <class Request>
class OpenRequests {
  struct Entry {
    Entry* next;
    Request* request;
    unsigned users;  // calls that use it now
    bool used_up;    // the last of them ends it
  };

 public:
  // Makes one, has `start` start it, which returns 0 or an errno, and opens it then. 0 or an errno.
  template <class Start>
  int open(unsigned long& handle, Start start) {
    auto* const entry = static_cast<Entry*>(calloc(1, sizeof(Entry)));
    if (entry != nullptr) entry->request = Request::make();
    const int error = entry != nullptr && entry->request != nullptr ? start(*entry->request) : ENOMEM;
    if (error != 0) {
      destroy(entry);
      return error;
    }
    pthread_mutex_lock(&lock_);
    entry->next = first_;
    first_ = entry;
    pthread_mutex_unlock(&lock_);
    handle = reinterpret_cast<unsigned long>(entry);
    return 0;
  }

  // In the child of a fork. `keep` is done to each of the parent's, which it has, too.
  template <class Keep>
  void reset(Keep keep) {
    pthread_mutex_init(&lock_, nullptr);
    for (Entry* entry = first_; entry != nullptr; entry = entry->next) keep(*entry->request);
  }

  // Of a handle, for the time of a call.
  class InUse {
   public:
    InUse(OpenRequests& all, const unsigned long* handle) : all_(all) {
      if (handle == nullptr) return;
      pthread_mutex_lock(&all_.lock_);
      for (Entry* one = all_.first_; one != nullptr && entry_ == nullptr; one = one->next) {
        if (one == reinterpret_cast<Entry*>(*handle) && !one->used_up) entry_ = one;
      }
      if (entry_ != nullptr) ++entry_->users;
      pthread_mutex_unlock(&all_.lock_);
    }
    ~InUse() {
      if (entry_ == nullptr) return;
      const int error = errno;
      pthread_mutex_lock(&all_.lock_);
      const bool last = --entry_->users == 0 && entry_->used_up;
      if (last) all_.unlink(entry_);
      pthread_mutex_unlock(&all_.lock_);
      if (last) destroy(entry_);
      errno = error;
    }
    InUse(const InUse&) = delete;
    InUse& operator=(const InUse&) = delete;

    explicit operator bool() const { return entry_ != nullptr; }
    Request* operator->() const { return entry_->request; }
    // False if another thread has been faster.
    bool use_up() {
      pthread_mutex_lock(&all_.lock_);
      const bool first = !entry_->used_up;
      entry_->used_up = true;
      pthread_mutex_unlock(&all_.lock_);
      return first;
    }

   private:
    OpenRequests& all_;
    Entry* entry_ = nullptr;
  };

 private:
  static void destroy(Entry* entry) {
    if (entry != nullptr && entry->request != nullptr) Request::destroy(entry->request);
    free(entry);
  }
  void unlink(Entry* entry) {
    Entry** place = &first_;
    while (*place != entry) place = &(*place)->next;
    *place = entry->next;
  }

  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
  Entry* first_ = nullptr;
};

}  // namespace cairn::guest
