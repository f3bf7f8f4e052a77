// SPDX-License-Identifier: Apache-2.0
// Says "LIMITS:" and all its limits, soft and hard, by number, when it ends. FLAG [choose STEP | lower | raise | high].
// choose: takes each soft limit down by STEP. lower: sets both limits of open files to 256; raise: the soft one to the
// hard one. high: has descriptor 300.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>

#include "tests/lib/subject.hpp"

namespace {

rlimit get(int resource) {
  rlimit limit{};
  getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
  return limit;
}

void set(int resource, rlim_t soft, rlim_t hard) {
  const rlimit limit{soft, hard};
  CHECK(setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0);
}

void choose(rlim_t step) {
  for (int i = 0; i < RLIM_NLIMITS; ++i) {
    const rlimit limit = get(i);
    const rlim_t some = step << (i == RLIMIT_STACK ? 24 : 34);
    if (i != RLIMIT_AS)
      set(i, limit.rlim_cur == RLIM_INFINITY ? some : limit.rlim_cur - std::min(limit.rlim_cur, step), limit.rlim_max);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc >= 2);
  const std::string what = argc > 2 ? argv[2] : "";
  if (what == "choose") choose(strtoul(argv[3], nullptr, 10));
  if (what == "lower") set(RLIMIT_NOFILE, 256, 256);
  if (what == "raise") set(RLIMIT_NOFILE, get(RLIMIT_NOFILE).rlim_max, get(RLIMIT_NOFILE).rlim_max);
  if (what == "high") CHECK(dup2(open("/dev/null", O_RDONLY), 300) == 300);
  subject::stay_until_asked(argv[1], subject::nap);
  if (what == "high") CHECK(fcntl(300, F_GETFD) == 0);
  printf("LIMITS:");
  for (int i = 0; i < RLIM_NLIMITS; ++i)
    printf(" %ld %ld", static_cast<long>(get(i).rlim_cur), static_cast<long>(get(i).rlim_max));
  printf("\n");
  return subject::verdict();
}
