// SPDX-License-Identifier: Apache-2.0
// A loop over independent pieces of work on a few threads. The first exception ends it and is thrown here.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace cairn::context {

// Calls body(i, scratch) for every i < count. Each thread has one Scratch. The caller's thread is one of `threads`;
// where the system grants fewer, fewer do it.
template <typename Scratch, typename Body>
void parallel_for(std::size_t count, unsigned threads, const Body& body) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      Scratch scratch;
      for (std::size_t i; (i = next.fetch_add(1)) < count;) body(i, scratch);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  if (count == 0) return;
  std::vector<std::thread> others;
  const std::size_t wanted = std::min<std::size_t>(std::max(threads, 1u), count);
  try {
    for (std::size_t i = 1; i < wanted; ++i) others.emplace_back(work);
  } catch (const std::system_error&) {
  }
  work();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace cairn::context
