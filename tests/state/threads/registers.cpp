// SPDX-License-Identifier: Apache-2.0
// Register contents at an arbitrary instruction: general, SSE, AVX, AVX-512, x87 and the control words. A wrong value
// is noticed by the loop itself, at once.
#include <cpuid.h>
#include <fenv.h>
#include <xmmintrin.h>

#include <thread>

#include "tests/lib/subject.hpp"

namespace {

// Fills registers, spins, compares: all in one block, so that a stop falls inside it.
bool spin_general_and_sse() {
  unsigned long wrong = 0;
  __asm__ volatile(
      "mov $0x1111111111111111, %%r8\n mov $0x2222222222222222, %%r9\n mov $0x3333333333333333, %%r10\n"
      "mov $0x4444444444444444, %%r11\n movq %%r8, %%xmm3\n movq %%r9, %%xmm12\n mov $2000000, %%rcx\n"
      "1: dec %%rcx\n jnz 1b\n"
      "movq %%xmm3, %%rax\n sub %%r8, %%rax\n or %%rax, %0\n movq %%xmm12, %%rax\n sub %%r9, %%rax\n or %%rax, %0\n"
      "mov $0x3333333333333333, %%rax\n sub %%r10, %%rax\n or %%rax, %0\n"
      "mov $0x4444444444444444, %%rax\n sub %%r11, %%rax\n or %%rax, %0\n"
      : "+r"(wrong)
      :
      : "rax", "rcx", "r8", "r9", "r10", "r11", "xmm3", "xmm12", "cc");
  return wrong == 0;
}

__attribute__((target("avx2"))) bool spin_avx() {
  unsigned wrong = 0;
  __asm__ volatile(
      "mov $0x5a5a5a5a, %%eax\n vmovd %%eax, %%xmm5\n vpbroadcastd %%xmm5, %%ymm5\n vmovdqa %%ymm5, %%ymm14\n"
      "mov $2000000, %%rcx\n 1: dec %%rcx\n jnz 1b\n"
      "vpcmpeqd %%ymm5, %%ymm14, %%ymm6\n vpmovmskb %%ymm6, %0\n not %0\n"
      "vextracti128 $1, %%ymm14, %%xmm6\n vmovd %%xmm6, %%eax\n xor $0x5a5a5a5a, %%eax\n or %%eax, %0\n vzeroupper\n"
      : "+r"(wrong)
      :
      : "rax", "rcx", "xmm5", "xmm6", "xmm14", "cc");
  return wrong == 0;
}

__attribute__((target("avx512f"))) bool spin_avx512() {
  unsigned wrong = 0;
  __asm__ volatile(
      "mov $0x5a5a5a5a, %%eax\n vpbroadcastd %%eax, %%zmm17\n vmovdqa32 %%zmm17, %%zmm30\n kxnorw %%k3, %%k3, %%k3\n"
      "mov $2000000, %%rcx\n 1: dec %%rcx\n jnz 1b\n"
      "vpcmpeqd %%zmm17, %%zmm30, %%k2\n kandw %%k3, %%k2, %%k2\n kmovw %%k2, %0\n xor $0xffff, %0\n"
      "vextracti32x4 $3, %%zmm30, %%xmm6\n vmovd %%xmm6, %%eax\n xor $0x5a5a5a5a, %%eax\n or %%eax, %0\n vzeroupper\n"
      : "+r"(wrong)
      :
      : "rax", "rcx", "xmm6", "cc");
  return wrong == 0;
}

// A value that only fits 80 bits, on the register stack.
bool spin_x87() {
  long double one_third = 1.0L / 3.0L;
  unsigned short status = 0;
  __asm__ volatile("fldt %1\n mov $2000000, %%rcx\n 1: dec %%rcx\n jnz 1b\n fldt %1\n fucompp\n fnstsw %0\n"
                   : "=a"(status)
                   : "m"(one_third)
                   : "rcx", "cc");
  return (status & 0x4500) == 0x4000;
}

}  // namespace

int main(int, char** argv) {
  fesetround(FE_UPWARD);
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  const bool avx = __builtin_cpu_supports("avx2"), avx512 = __builtin_cpu_supports("avx512f");
  std::thread other([&] {
    while (access(argv[1], F_OK) != 0) CHECK(spin_general_and_sse());
  });
  subject::stay_until_asked(argv[1], [&] {
    CHECK(spin_x87());
    if (avx) CHECK(spin_avx());
    if (avx512) CHECK(spin_avx512());
  });
  other.join();
  CHECK_EQUAL(fegetround(), FE_UPWARD);
  CHECK_EQUAL(_MM_GET_FLUSH_ZERO_MODE(), static_cast<unsigned>(_MM_FLUSH_ZERO_ON));
  volatile double one = 1, three = 3;
  volatile double up = one / three, down = 0;
  fesetround(FE_DOWNWARD);
  down = one / three;
  CHECK(down < up);
  return subject::verdict();
}
