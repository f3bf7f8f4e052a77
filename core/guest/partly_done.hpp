// SPDX-License-Identifier: Apache-2.0
// Calls on lists of buffers of which a stop has let the kernel do a part (interrupted.hpp): what is left of them, and
// their completion. Nothing is allocated, and the program's list is left as it is.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "core/guest/interrupted.hpp"

namespace cairn::guest {

// What is left of a list: first the rest of the buffer that was cut, by itself, then the whole ones behind it.
class BuffersLeft {
 public:
  BuffersLeft(const iovec* list, size_t count) : next_(list), count_(count) {}

  const iovec* list() const { return rest_.iov_len != 0 ? &rest_ : next_; }
  size_t count() const { return rest_.iov_len != 0 ? 1 : count_; }
  bool none() const { return count() == 0; }
  // Of what list() has. The kernel must have accepted the list before.
  size_t bytes() const {
    size_t sum = 0;
    for (size_t i = 0; i < count(); ++i) sum += list()[i].iov_len;
    return sum;
  }

  void transferred(size_t bytes) {
    if (rest_.iov_len != 0) return cut(rest_, bytes);
    while (count_ != 0 && next_->iov_len <= bytes) {
      bytes -= next_->iov_len;
      pass();
    }
    if (bytes == 0 || count_ == 0) return;
    rest_ = *next_;
    pass();
    cut(rest_, bytes);
  }

 private:
  static void cut(iovec& buffer, size_t bytes) {
    buffer.iov_base = static_cast<char*>(buffer.iov_base) + bytes;
    buffer.iov_len -= bytes;
  }
  void pass() {
    ++next_;
    --count_;
  }

  const iovec* next_;
  size_t count_;
  iovec rest_{};
};

// A call that only stops interrupt is repeated; says of what it has done then whether a stop has perhaps cut it short.
template <typename Call>
auto first_part(bool& cut, Call call) {
  for (StopCheck check;; check.begin()) {
    const auto result = call();
    cut = check.cut_short();
    if (result != -1 || !check.stopped_only()) return result;
  }
}

// The rest of a call that goes on until all is transferred, unless a signal comes: `done` bytes are, and a stop has cut
// it short. `call` takes a list and its length; `goes_on` takes the buffers that are left, and says whether these are
// to be waited for.
template <typename Call, typename GoesOn>
ssize_t with_rest(BuffersLeft left, size_t done, Call call, GoesOn goes_on) {
  if (done > 0) left.transferred(done);
  while (!left.none() && goes_on(left)) {
    bool cut = false;
    const ssize_t n = first_part(cut, [&] { return call(left.list(), left.count()); });
    if (n <= 0) break;
    const bool whole = static_cast<size_t>(n) >= left.bytes();
    done += static_cast<size_t>(n);
    left.transferred(static_cast<size_t>(n));
    if (!whole && !cut) break;  // the rest of one buffer may be done without a stop: then come those behind it
  }
  return static_cast<ssize_t>(done);
}

// Such a call from its beginning.
template <typename Call, typename GoesOn>
ssize_t transferred(const iovec* list, size_t count, Call call, GoesOn goes_on) {
  if (!hosted()) return call(list, count);
  bool cut = false;
  const ssize_t n = first_part(cut, [&] { return call(list, count); });
  return n <= 0 || !cut ? n : with_rest(BuffersLeft(list, count), static_cast<size_t>(n), call, goes_on);
}

inline bool always(const BuffersLeft&) { return true; }

}  // namespace cairn::guest
