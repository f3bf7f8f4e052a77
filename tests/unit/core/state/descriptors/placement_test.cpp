// SPDX-License-Identifier: Apache-2.0
// Descriptors at the numbers that the guest had. Each case runs in a process of its own, whose descriptors it may
// close.
#include "core/state/descriptors/placement.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <vector>

#include "core/base/error.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

// What a host opens: at one of its own numbers.
UniqueFd open_high() {
  const UniqueFd low(memfd_create("placement", MFD_CLOEXEC));
  return UniqueFd(fcntl(low.get(), F_DUPFD_CLOEXEC, host::fd_base()));
}

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }
bool closes_on_exec(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

// True if a forked process says so.
bool in_a_process(const std::function<bool()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::vector<UniqueFd> open_two() {
  std::vector<UniqueFd> opened;
  opened.push_back(open_high());
  opened.push_back(open_high());
  return opened;
}

TEST(placement, descriptors_of_one_description_share_its_offset) {
  EXPECT_TRUE(in_a_process([] {
    auto opened = open_two();
    const std::vector<Descriptor> wanted{{3, 1, false}, {4, 0, false}, {77, 1, false}};
    place_descriptors(wanted, opened);
    lseek(3, 5, SEEK_SET);
    return lseek(77, 0, SEEK_CUR) == 5 && lseek(4, 0, SEEK_CUR) == 0;
  }));
}

TEST(placement, close_on_exec_belongs_to_the_descriptor) {
  EXPECT_TRUE(in_a_process([] {
    auto opened = open_two();
    const std::vector<Descriptor> wanted{{5, 0, true}, {6, 0, false}};
    place_descriptors(wanted, opened);
    return closes_on_exec(5) && !closes_on_exec(6);
  }));
}

TEST(placement, what_the_guest_did_not_have_is_closed) {
  EXPECT_TRUE(in_a_process([] {
    auto opened = open_two();
    dup2(0, 9);
    const std::vector<Descriptor> wanted{{7, 0, false}};
    place_descriptors(wanted, opened);
    return is_open(7) && !is_open(0) && !is_open(1) && !is_open(9);
  }));
}

TEST(placement, what_is_the_hosts_stays) {
  EXPECT_TRUE(in_a_process([] {
    auto opened = open_two();
    const int theirs[2] = {opened[0].get(), opened[1].get()};
    const UniqueFd hosts = open_high();
    place_descriptors({}, opened);
    return is_open(hosts.get()) && !is_open(theirs[0]) && !is_open(theirs[1]);
  }));
}

// The host has not as many numbers as a program may have files open.
TEST(placement, descriptions_stand_at_their_numbers_as_soon_as_they_are_open) {
  EXPECT_TRUE(in_a_process([] {
    auto opened = open_two();
    const std::vector<Descriptor> wanted{{57, 1, false}, {58, 0, false}, {77, 1, true}};
    const Places places(wanted);
    places.take(opened[0], 0);
    places.take(opened[1], 1);
    if (opened[0].get() != 58 || opened[1].get() != 57) return false;
    place_descriptors(wanted, opened);
    lseek(57, 5, SEEK_SET);
    return lseek(77, 0, SEEK_CUR) == 5 && lseek(58, 0, SEEK_CUR) == 0 && !closes_on_exec(57) && closes_on_exec(77);
  }));
}

// As processes of a group are handed them: each may be where another one belongs.
TEST(placement, descriptions_at_any_numbers_find_theirs) {
  EXPECT_TRUE(in_a_process([] {
    std::vector<UniqueFd> opened;
    for (const int number : {11, 12, 10, 13}) {
      opened.emplace_back(dup2(open_high().get(), number));
      lseek(number, number, SEEK_SET);
    }
    const std::vector<Descriptor> wanted{{10, 0, false}, {11, 1, false}, {12, 2, false}, {2, 3, false}, {13, 0, false}};
    Places(wanted).take_all(opened);
    if (opened[0].get() != 10 || opened[1].get() != 11 || opened[2].get() != 12 || opened[3].get() == 13) return false;
    place_descriptors(wanted, opened);
    const auto at = [](int fd) { return lseek(fd, 0, SEEK_CUR); };
    return at(10) == 11 && at(11) == 12 && at(12) == 10 && at(2) == 13 && at(13) == 11;
  }));
}

TEST(placement, a_number_of_the_host_is_refused_before_anything_is_changed) {
  EXPECT_TRUE(in_a_process([] {
    auto opened = open_two();
    const std::vector<Descriptor> wanted{{8, 0, false}, {opened[1].get(), 1, false}};
    try {
      place_descriptors(wanted, opened);
    } catch (const EnvironmentError& error) {
      const std::string number = std::to_string(opened[1].get());
      return std::string(error.what()).find("descriptor " + number) != std::string::npos && !is_open(8) && is_open(0);
    }
    return false;
  }));
}

}  // namespace
}  // namespace cairn::state
