// SPDX-License-Identifier: Apache-2.0
// AMX tiles: one thread keeps a value in a tile, another has never touched one. Skips (77) on machines without.
#include <string.h>
#include <sys/syscall.h>

#include <thread>

#include "tests/lib/subject.hpp"

namespace {

bool have_tiles() { return syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18L) == 0; }

bool spin() {
  alignas(64) unsigned char configuration[64] = {1}, in[16 * 64], out[16 * 64] = {};
  configuration[16 + 2 * 2] = 64;
  configuration[48 + 2] = 16;
  for (size_t i = 0; i < sizeof in; ++i) in[i] = static_cast<unsigned char>(i * 7);
  const long stride = 64;
  __asm__ volatile(
      "ldtilecfg (%0)\n tileloadd (%1,%3), %%tmm2\n mov $3000000, %%rcx\n 1: dec %%rcx\n jnz 1b\n"
      "tilestored %%tmm2, (%2,%3)\n tilerelease\n"
      :
      : "r"(configuration), "r"(in), "r"(out), "r"(stride)
      : "rcx", "memory", "cc");
  return memcmp(in, out, sizeof in) == 0;
}

}  // namespace

int main(int, char** argv) {
  if (!have_tiles()) {
    printf("SKIP: no AMX\nREADY\n");
    return 77;
  }
  std::thread other([&] {
    while (access(argv[1], F_OK) != 0) CHECK(spin());
  });
  subject::stay_until_asked(argv[1], subject::nap);
  other.join();
  CHECK(spin());
  return subject::verdict();
}
