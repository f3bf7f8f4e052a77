// SPDX-License-Identifier: Apache-2.0
// A call that is routed has another thread pointer, the same arguments and the same result, whatever its shape. This
// thread is the guest's, one that sleeps lends its thread pointer as the host's.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/auxv.h>

#include <cerrno>
#include <complex>
#include <condition_variable>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <thread>

#include "core/abi/crossing.h"

__thread volatile struct cairn_light cairn_light;
#ifdef __clang__
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"  // as functions of the MPI library give them
#endif
extern "C" {
std::int64_t cairn_light_place = 0;
std::uint32_t cairn_entries_by_kernel = 1;
void cairn_entry_stray(std::uint32_t) { std::abort(); }

// What the functions have found.
volatile std::uint64_t found_fs = 0;
}

namespace {

void look() { found_fs = cairn_own_fs(); }

struct Two {
  std::uint64_t a;
  double b;
};
struct Large {
  std::uint64_t words[5];
};

}  // namespace

extern "C" {
long six_numbers(long a, long b, long c, long d, long e, long f) {
  look();
  return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}
long six_numbers_too(long a, long b, long c, long d, long e, long f) { return six_numbers(a, b, c, d, e, f); }
double eight_doubles(double a, double b, double c, double d, double e, double f, double g, double h) {
  look();
  return a + 2 * b + 4 * c + 8 * d + 16 * e + 32 * f + 64 * g + 128 * h;
}
double mixed(int a, double b, const char* c, float d) {
  look();
  return a + b + static_cast<double>(std::strlen(c)) + static_cast<double>(d);
}
Two two_words(std::uint64_t a, double b) {
  look();
  return {a + 1, b + 1};
}
Large hidden_struct(std::uint64_t a) {
  look();
  return {{a, a + 1, a + 2, a + 3, a + 4}};
}
std::complex<double> complex_result(double a, double b) {
  look();
  return {b, a};
}
long double long_double_result(long a) {
  look();
  return static_cast<long double>(a) / 3;
}
long nine_numbers(long a, long b, long c, long d, long e, long f, long g, long h, long i) {
  look();
  return six_numbers(a, b, c, d, e, f) + 1000000 * g + 10000000 * h + 100000000 * i;
}
long double long_doubles(long double a, int b, long double c) {
  look();
  return a * b - c;
}
std::uint64_t struct_by_value(Large large, int factor) {
  look();
  return (large.words[0] + large.words[4]) * static_cast<std::uint64_t>(factor);
}
long sum_of_list(int count, ...) {
  look();
  va_list list;
  va_start(list, count);
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += va_arg(list, long);
  va_end(list);
  return sum;
}
double doubles_of_list(int count, ...) {
  look();
  va_list list;
  va_start(list, count);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += va_arg(list, double);
  va_end(list);
  return sum;
}
int format(char* to, std::size_t size, const char* how, ...) {
  look();
  va_list list;
  va_start(list, how);
  const int n = std::vsnprintf(to, size, how, list);
  va_end(list);
  return n;
}
int lock(pthread_mutex_t* mutex) {
  look();
  return pthread_mutex_lock(mutex);
}
long nested(long (*callback)(long), long value) {
  look();
  const std::uint64_t here = found_fs;
  const long result = callback(value);
  return here == cairn_own_fs() ? result : -1;
}

int routed_lock(pthread_mutex_t*);
long routed_six_numbers(long, long, long, long, long, long);
long routed_six_numbers_too(long, long, long, long, long, long);
double routed_eight_doubles(double, double, double, double, double, double, double, double);
double routed_mixed(int, double, const char*, float);
Two routed_two_words(std::uint64_t, double);
Large routed_hidden_struct(std::uint64_t);
std::complex<double> routed_complex_result(double, double);
long double routed_long_double_result(long);
long routed_nine_numbers(long, long, long, long, long, long, long, long, long);
long double routed_long_doubles(long double, int, long double);
std::uint64_t routed_struct_by_value(Large, int);
long routed_sum_of_list(int, ...);
double routed_doubles_of_list(int, ...);
int routed_format(char*, std::size_t, const char*, ...);
long routed_nested(long (*)(long), long);
}

namespace {

class Routed : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam() && (getauxval(AT_HWCAP2) & 2) == 0) GTEST_SKIP() << "no FSGSBASE here";
    cairn_entries_by_kernel = GetParam() ? 1 : 0;
    lender_ = std::thread([this] {
      std::unique_lock<std::mutex> lock(mutex_);
      host_ = cairn_own_fs();
      changed_.notify_all();
      changed_.wait(lock, [this] { return over_; });
    });
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return host_ != 0; });
    guest_ = cairn_own_fs();
    cairn_light.host_fs = host_;
    cairn_light.back_fs = guest_;
    cairn_light.own_address = reinterpret_cast<std::uint64_t>(&cairn_light);
    cairn_light_place = static_cast<std::int64_t>(reinterpret_cast<std::uint64_t>(&cairn_light) - guest_);
    found_fs = 0;
  }
  void TearDown() override {
    if (!lender_.joinable()) return;
    EXPECT_EQ(cairn_own_fs(), guest_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    lender_.join();
  }
  bool was_host() const { return found_fs == host_ && cairn_own_fs() == guest_; }

  std::uint64_t host_ = 0, guest_ = 0;
  std::thread lender_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
};

TEST_P(Routed, ArgumentsInRegisters) {
  EXPECT_EQ(routed_six_numbers(1, 2, 3, 4, 5, 6), 654321);
  EXPECT_TRUE(was_host());
  EXPECT_EQ(routed_eight_doubles(1, 1, 1, 1, 1, 1, 1, 1), 255.0);
  EXPECT_TRUE(was_host());
  EXPECT_EQ(routed_mixed(1, 2.5, "four", 8.0F), 15.5);
  EXPECT_TRUE(was_host());
}

TEST_P(Routed, ResultsOfAllKinds) {
  const Two two = routed_two_words(41, 1.5);
  EXPECT_EQ(two.a, 42u);
  EXPECT_EQ(two.b, 2.5);
  EXPECT_EQ(routed_hidden_struct(7).words[4], 11u);
  EXPECT_EQ(routed_complex_result(1, 2), std::complex<double>(2, 1));
  EXPECT_EQ(routed_long_double_result(10), 10.0L / 3);
  EXPECT_TRUE(was_host());
}

TEST_P(Routed, ArgumentsOnTheStack) {
  EXPECT_EQ(routed_six_numbers_too(1, 2, 3, 4, 5, 6), 654321);
  EXPECT_EQ(routed_nine_numbers(1, 2, 3, 4, 5, 6, 7, 8, 9), 987654321);
  EXPECT_TRUE(was_host());
  EXPECT_EQ(routed_long_doubles(1.5L, 4, 0.25L), 5.75L);
  EXPECT_EQ(routed_struct_by_value({{1, 2, 3, 4, 5}}, 7), 42u);
  EXPECT_TRUE(was_host());
}

TEST_P(Routed, ListsOfArguments) {
  EXPECT_EQ(routed_sum_of_list(3, 1L, 2L, 3L), 6);
  EXPECT_EQ(routed_sum_of_list(12, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L), 78);
  EXPECT_EQ(routed_doubles_of_list(10, 1., 2., 3., 4., 5., 6., 7., 8., 9., 10.), 55.0);
  EXPECT_TRUE(was_host());
  char text[200];
  routed_format(text, sizeof text, "%d %s %.1f %Lf %ld %ld %ld %.1f %c", 1, "two", 3.0, 4.0L, 5L, 6L, 7L, 8.0, '9');
  EXPECT_STREQ(text, "1 two 3.0 4.000000 5 6 7 8.0 9");
  EXPECT_TRUE(was_host());
}

// What is called back has the host's thread pointer, and calls such functions as they are.
TEST_P(Routed, CallsWithinCalls) {
  EXPECT_EQ(routed_nested([](long value) { return routed_six_numbers(value, 0, 0, 0, 0, 1); }, 5), 100005);
  EXPECT_TRUE(was_host());
}

// pthread_cond_wait(), which is routed, compares the number of the thread that has locked it.
TEST_P(Routed, AMutexThatLooksWhoLocksItIsLockedByTheHost) {
  for (const int kind : {PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK}) {
    pthread_mutexattr_t how;
    pthread_mutexattr_init(&how);
    pthread_mutexattr_settype(&how, kind);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &how);
    EXPECT_EQ(routed_lock(&mutex), 0);
    EXPECT_TRUE(was_host());
    EXPECT_EQ(pthread_mutex_unlock(&mutex), EPERM);  // by this thread's own number
    pthread_mutexattr_destroy(&how);
  }
  for (const int kind : {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_DEFAULT}) {
    pthread_mutexattr_t how;
    pthread_mutexattr_init(&how);
    pthread_mutexattr_settype(&how, kind);
    pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &how);
    EXPECT_EQ(routed_lock(&mutex), 0);
    EXPECT_EQ(found_fs, guest_);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
    pthread_mutexattr_destroy(&how);
  }
}

TEST_P(Routed, AThreadWithoutSuchAStructIsLeftAlone) {
  cairn_light.own_address = 0;
  EXPECT_EQ(routed_nine_numbers(1, 2, 3, 4, 5, 6, 7, 8, 9), 987654321);
  EXPECT_EQ(found_fs, guest_);
  EXPECT_EQ(routed_six_numbers(1, 2, 3, 4, 5, 6), 654321);
  EXPECT_EQ(found_fs, guest_);
}

INSTANTIATE_TEST_SUITE_P(Ways, Routed, ::testing::Values(true, false),
                         [](const auto& way) { return way.param ? "ByKernel" : "ByInstruction"; });

}  // namespace
