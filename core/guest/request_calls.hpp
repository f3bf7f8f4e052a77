// SPDX-License-Identifier: Apache-2.0
// What the calls for requests of checkpoints and of restarts have in common. Ordinary code.
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>

#include <cstddef>

#include "core/base/exit_codes.h"
#include "core/guest/libcr.h"

namespace cairn::guest {

inline int fail(int error) {
  errno = error;
  return -1;
}

// The errno of a request that has ended with this exit code.
inline int failure_of(int code) {
  switch (code) {
    case CAIRN_EXIT_OK:
      return 0;
    case CAIRN_EXIT_ARGUMENTS:
      return EINVAL;
    case CAIRN_EXIT_TEMPORARY:
      return CR_ETEMPFAIL;
    case CAIRN_EXIT_PERMANENT:
      return CR_EPERMFAIL;
    default:
      return EIO;
  }
}

// A text of so many bytes for a caller who has room for `size` with its NUL; `copy` writes the first n of them and
// returns how many there were. Returns how much room the text needs, 0 if there is none.
template <class Copy>
int hand_out(std::size_t length, unsigned size, char* text, Copy copy) {
  if (size > 0 && text != nullptr) text[copy(text, length < size - 1 ? length : size - 1)] = '\0';
  return length != 0 ? static_cast<int>(length + 1) : 0;
}

struct PollFailures {
  int before, text, after;
};

// Wait, log and reap in one.
template <class Handle>
int poll_request(const PollFailures& failures, int (*wait)(Handle*, timeval*), int (*log)(Handle*, unsigned, char*),
                 int (*reap)(Handle*), Handle* handle, timeval* limit, char** text) {
  const int ready = wait(handle, limit);
  if (ready == 0) return 0;
  if (ready < 0) return failures.before;
  if (text != nullptr) {
    *text = nullptr;
    const int size = log(handle, 0, nullptr);
    if (size > 0) {
      *text = static_cast<char*>(malloc(static_cast<std::size_t>(size)));
      if (*text == nullptr) return failures.text;
      log(handle, static_cast<unsigned>(size), *text);
    }
  }
  const int result = reap(handle);
  return result < 0 ? failures.after : result;
}

}  // namespace cairn::guest
