// SPDX-License-Identifier: Apache-2.0
// The clocks of the machine go on without a jump, wherever the program is brought back: no reading is before the last
// one, or much later.
#include <sys/times.h>
#include <time.h>

#include "tests/lib/subject.hpp"

namespace {

constexpr double kJump = 100;

class Watched {
 public:
  Watched(const char* name, double (*read)()) : name_(name), read_(read), last_(read()) {}
  void look() {
    const double now = read_();
    if (now < last_ || now - last_ >= kJump) std::fprintf(stderr, "%s: %.9f after %.9f\n", name_, now, last_);
    CHECK(now >= last_);
    CHECK(now - last_ < kJump);
    last_ = now;
  }

 private:
  const char* name_;
  double (*read_)();
  double last_;
};

template <clockid_t kClock>
double seconds() {
  timespec t;
  clock_gettime(kClock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

}  // namespace

int main(int, char** argv) {
  Watched clocks[] = {{"monotonic", seconds<CLOCK_MONOTONIC>},
                      {"raw", seconds<CLOCK_MONOTONIC_RAW>},
                      {"coarse", seconds<CLOCK_MONOTONIC_COARSE>},
                      {"boottime", seconds<CLOCK_BOOTTIME>},
                      {"times()", [] {
                         tms ignored;
                         return static_cast<double>(times(&ignored)) / static_cast<double>(sysconf(_SC_CLK_TCK));
                       }}};
  // Most of the time is spent in here, so that the program is saved while it reads a clock.
  const auto look = [&] {
    for (int i = 0; i < 500; ++i)
      for (Watched& clock : clocks) clock.look();
  };
  subject::stay_until_asked(argv[1], [&] {
    look();
    subject::nap();
  });
  look();
  return subject::verdict();
}
