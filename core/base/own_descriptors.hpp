// SPDX-License-Identifier: Apache-2.0
// Work that opens files of the program's. When a process closes any descriptor of a file it loses all locks of
// fcntl(F_SETLK) that it has on it: so such files are opened and closed by a thread that has a table of descriptors of
// its own, a copy of the process's, in which nothing is lost. Ordinary code, any thread.
#pragma once

#include <sched.h>

#include <cerrno>
#include <exception>
#include <thread>
#include <type_traits>

#include "core/base/error.hpp"

namespace cairn {

// What `work` returns, or throws; TemporaryError if there is no such thread. Descriptors that it leaves open are closed
// with the thread. While it runs, everything that the process has open is open once more.
template <class Work>
auto with_own_descriptors(const Work& work) {
  std::invoke_result_t<Work> result{};
  std::exception_ptr failure;
  std::thread([&] {
    try {
      if (unshare(CLONE_FILES) != 0) throw TemporaryError(with_errno("a table of descriptors", errno));
      result = work();
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
  return result;
}

}  // namespace cairn
