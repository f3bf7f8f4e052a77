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
  explicit Watched(double (*read)()) : read_(read), last_(read()) {}
  void look() {
    const double now = read_();
    CHECK(now >= last_);
    CHECK(now - last_ < kJump);
    last_ = now;
  }

 private:
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
  Watched clocks[] = {Watched(seconds<CLOCK_MONOTONIC>), Watched(seconds<CLOCK_MONOTONIC_RAW>),
                      Watched(seconds<CLOCK_MONOTONIC_COARSE>), Watched(seconds<CLOCK_BOOTTIME>), Watched([] {
                        tms ignored;
                        return static_cast<double>(times(&ignored)) / static_cast<double>(sysconf(_SC_CLK_TCK));
                      })};
  const auto look = [&] {
    for (Watched& clock : clocks) clock.look();
  };
  subject::stay_until_asked(argv[1], [&] {
    look();
    subject::nap();
  });
  look();
  return subject::verdict();
}
