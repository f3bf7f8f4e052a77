// SPDX-License-Identifier: Apache-2.0
// What the guest's test programs share: checks that say where, the freezing host, a table of cases.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/abi/crossing.h"
#include "core/abi/host_table.h"
#include "tests/process/guest/freezer.h"

#define CHECK(condition)                                                                                          \
  do {                                                                                                            \
    if (!(condition)) {                                                                                           \
      fprintf(stderr, "FAIL %s:%d: %s (errno %d: %s)\n", __FILE__, __LINE__, #condition, errno, strerror(errno)); \
      _exit(1);                                                                                                   \
    }                                                                                                             \
  } while (0)

namespace cairn::test {

inline double now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

inline cairn_test_freezer& freezer() {
  static cairn_test_freezer* found = [] {
    CHECK(cairn_is_hosted());
    const uint64_t guest = cairn_enter();
    void* service = CAIRN_TABLE->service(CAIRN_TEST_FREEZER, 1);
    cairn_leave(guest);
    CHECK(service != nullptr);
    return static_cast<cairn_test_freezer*>(service);
  }();
  return *found;
}

inline unsigned stops() { return __atomic_load_n(&freezer().stops, __ATOMIC_ACQUIRE); }
inline void check_no_failures() {
  if (__atomic_load_n(&freezer().failures, __ATOMIC_ACQUIRE) == 0) return;
  fprintf(stderr, "FAIL: a stop failed: %s\n", freezer().message);
  _exit(1);
}

// Has the host make one stop, and waits until it is over (well or badly). Not in critical sections.
inline void one_stop() {
  const unsigned mine = __atomic_add_fetch(&freezer().wanted, 1, __ATOMIC_SEQ_CST);
  const double end = now() + 60;
  while (static_cast<int>(__atomic_load_n(&freezer().served, __ATOMIC_ACQUIRE) - mine) < 0) CHECK(now() < end);
}

// Until `condition` holds, at most so many seconds.
template <typename Condition>
bool eventually(Condition condition, double seconds = 30) {
  for (const double end = now() + seconds; now() < end;) {
    if (condition()) return true;
    usleep(1000);
  }
  return condition();
}

struct Case {
  const char* name;
  void (*run)();
};

// Runs the case that argv[1] names.
template <size_t N>
int run_cases(const Case (&cases)[N], int argc, char** argv) {
  for (const Case& c : cases) {
    if (argc < 2 || strcmp(argv[1], c.name) != 0) continue;
    c.run();
    printf("PASS %s\n", c.name);
    return 0;
  }
  fprintf(stderr, "FAIL no such case: %s\n", argc < 2 ? "" : argv[1]);
  return 2;
}

}  // namespace cairn::test
