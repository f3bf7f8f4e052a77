// SPDX-License-Identifier: Apache-2.0
// Gives up rights in one of several ways, by the name of its second argument; passes if each of its threads has exactly
// those afterwards that it had before.
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <fstream>
#include <map>
#include <thread>

#include "tests/lib/subject.hpp"

namespace {

constexpr unsigned kUser = 65534, kOther = 65533;
constexpr int kBind = 10, kRaw = 13;  // CAP_NET_BIND_SERVICE, CAP_NET_RAW

// Of the calling thread: everything that says what it may.
std::string rights() {
  std::ifstream in("/proc/thread-self/status");
  std::string result = "securebits " + std::to_string(prctl(PR_GET_SECUREBITS));
  for (std::string line; std::getline(in, line);) {
    for (const char* name : {"Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:"}) {
      if (line.starts_with(name)) result += "; " + line;
    }
  }
  return result;
}

void set_capabilities(unsigned long effective, unsigned long permitted, unsigned long inheritable) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (int half = 0; half < 2; ++half) {
    data[half].effective = static_cast<unsigned>(effective >> (32 * half));
    data[half].permitted = static_cast<unsigned>(permitted >> (32 * half));
    data[half].inheritable = static_cast<unsigned>(inheritable >> (32 * half));
  }
  CHECK(syscall(SYS_capset, &header, data) == 0);
}

struct Case {
  void (*process)();  // while there is one thread
  void (*thread)();   // on the second one
};

void nothing() {}

// As a daemon does it.
void become_user() {
  const gid_t groups[] = {7, 5};
  CHECK(setgroups(2, groups) == 0 && setgid(kOther) == 0 && setuid(kUser) == 0);
  prctl(PR_SET_DUMPABLE, 1);
}

// Saved and real ones stay: it may come back.
void become_for_a_while() { CHECK(setegid(kOther) == 0 && seteuid(kUser) == 0); }

// Past libc, which would do it for all threads.
void only_this_thread() {
  CHECK(syscall(SYS_setresgid, kOther, kOther, kOther) == 0);
  CHECK(syscall(SYS_setresuid, kOther, kUser, kOther) == 0);
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

void files_as_user() {
  syscall(SYS_setfsgid, kOther);
  syscall(SYS_setfsuid, kUser);
}

void bound() {
  CHECK(prctl(PR_CAPBSET_DROP, kRaw, 0, 0, 0) == 0);
  CHECK(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS, 0, 0, 0) == 0);
}

void no_capabilities() { set_capabilities(0, 0, 0); }

// A user who may still do one thing, and his children too.
void user_with_one() {
  const unsigned long bind = 1UL << kBind;
  CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && setgroups(0, nullptr) == 0 && setgid(kOther) == 0 && setuid(kUser) == 0);
  set_capabilities(bind, bind, bind);
  CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kBind, 0, 0) == 0);
  CHECK(prctl(PR_SET_KEEPCAPS, 0) == 0);
  prctl(PR_SET_DUMPABLE, 1);
}

const std::map<std::string, Case> cases = {
    {"plain", {nothing, nothing}},
    {"user", {become_user, nothing}},
    {"effective", {become_for_a_while, nothing}},
    {"thread", {nothing, only_this_thread}},
    {"files", {nothing, files_as_user}},
    {"bounding", {bound, nothing}},
    {"capabilities", {nothing, no_capabilities}},
    {"one", {user_with_one, nothing}},
};

}  // namespace

int main(int argc, char** argv) {
  CHECK(argc == 3);
  const std::string name = argv[2];
  if (name != "plain" && geteuid() != 0) printf("SKIP: needs root\n");
  cases.at(name).process();
  std::atomic<bool> ready{false}, go{false};
  std::thread other([&] {
    cases.at(name).thread();
    const std::string before = rights();
    ready = true;
    while (!go) subject::nap();
    if (rights() != before) subject::fail(__FILE__, __LINE__, "a thread has " + rights() + "\nand had " + before);
  });
  while (!ready) subject::nap();
  const std::string before = rights();
  subject::stay_until_asked(argv[1], subject::nap);
  if (rights() != before) subject::fail(__FILE__, __LINE__, "it has " + rights() + "\nand had " + before);
  go = true;
  other.join();
  return subject::verdict();
}
