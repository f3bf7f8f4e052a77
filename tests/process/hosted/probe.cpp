// SPDX-License-Identifier: Apache-2.0
// What programs.sh runs natively and hosted: shows one property of its process.
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

int threads() {
  int caught[8] = {};
  std::vector<std::thread> workers;
  for (int& c : caught) {
    workers.emplace_back([&c] {
      try {
        throw std::runtime_error("thrown");
      } catch (const std::exception&) {
        c = 1;
      }
    });
  }
  int total = 0;
  for (auto& w : workers) w.join();
  for (int c : caught) total += c;
  std::cout << "caught " << total << "\n";
  return 0;
}

int big_stack() {
  volatile char block[64 << 20];
  block[0] = 1;
  block[sizeof block - 1] = 2;
  std::cout << block[0] + block[sizeof block - 1] << "\n";
  return 0;
}

int brk_place() {
  const auto at = reinterpret_cast<unsigned long>(sbrk(0));
  std::cout << (at < 0x300000000000UL ? "arena" : "elsewhere") << "\n";
  return 0;
}

// The guest's vdso is a copy in the arena; without one every clock read would be a system call.
int vdso_place() {
  const unsigned long at = getauxval(AT_SYSINFO_EHDR);
  std::cout << (at != 0 && at < 0x300000000000UL ? "arena" : "elsewhere") << "\n";
  return 0;
}

int show_file(const char* path) {
  std::ifstream in(path);
  std::cout << in.rdbuf();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "arguments") {
    for (int i = 2; i < argc; ++i) std::cout << "[" << argv[i] << "]";
    std::cout << "\n";
    return 0;
  }
  if (what == "exit") return std::atoi(argv[2]);
  if (what == "abort") std::abort();
  if (what == "threads") return threads();
  if (what == "environment") {
    for (char** e = environ; *e != nullptr; ++e) std::cout << *e << "\n";
    return 0;
  }
  if (what == "maps") return show_file("/proc/self/maps");
  if (what == "name") {
    std::cout << argv[0] << " " << program_invocation_short_name << "\n";
    return 0;
  }
  if (what == "bigstack") return big_stack();
  if (what == "brk") return brk_place();
  if (what == "descriptor") {
    std::cout << dup(1) << "\n";
    return 0;
  }
  if (what == "vdso") return vdso_place();
  return 2;
}
