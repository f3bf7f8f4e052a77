// SPDX-License-Identifier: Apache-2.0
// A program under test: sets up state, says "READY", keeps busy until the file named by its first argument exists,
// then checks itself and says "PASS" or "FAIL: ...". In between it is checkpointed, killed and restarted, any number
// of times, without knowing.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace subject {

inline int failures = 0;

inline void fail(const char* file, int line, const std::string& what) {
  printf("FAIL: %s:%d: %s\n", file, line, what.c_str());
  fflush(stdout);
  ++failures;
}

// `step` is called again and again until it is time to check.
inline void stay_until_asked(const char* flag, const std::function<void()>& step) {
  printf("READY\n");
  fflush(stdout);
  while (access(flag, F_OK) != 0) step();
}

inline int verdict() {
  if (failures == 0) printf("PASS\n");
  fflush(stdout);
  return failures == 0 ? 0 : 1;
}

inline void nap() { usleep(1000); }

}  // namespace subject

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) subject::fail(__FILE__, __LINE__, #condition); \
  } while (0)
#define CHECK_EQUAL(a, b)                                                                                    \
  do {                                                                                                       \
    const auto& a_ = (a);                                                                                    \
    const auto& b_ = (b);                                                                                    \
    if (!(a_ == b_))                                                                                         \
      subject::fail(__FILE__, __LINE__,                                                                      \
                    std::string(#a " == " #b ": ") + std::to_string(a_) + " against " + std::to_string(b_)); \
  } while (0)
