// SPDX-License-Identifier: Apache-2.0
// Which descriptors are the host's. Thread-safe; no thread-local storage but errno.
#pragma once

#include <sys/resource.h>

#include <cerrno>
#include <span>

#include "core/base/raw_syscall.hpp"
#include "core/host/descriptor_turn.hpp"

namespace cairn::host {

// Fixes where the host's descriptors start, from the limits of open files: above the soft one, which is the guest's, as
// far as the hard one lets. None has one of the numbers that the program has which is to be restarted. Before any other
// descriptor is made.
void choose_fd_base(std::span<const int> numbers_of_program);
// As the host before had it.
void take_over_fd_base(int fd_base) noexcept;

// The lowest descriptor of the host's that is not below `from`, or INT_MAX. Either thread pointer.
int next_host_fd(int from) noexcept;

// --- in a turn of the host's ---
// A new descriptor, or -errno, goes to where it is known as the host's: the number that it has then, or -errno.
long moved_up(long result) noexcept;
// A copy of a descriptor, as moved_up(), which is not below `least` either.
long copied_up(int fd, long least) noexcept;
// Before it is closed.
void forget_descriptor(int fd) noexcept;
// One of the host's that was made for a program that the host's libraries start: they tell it the number.
void note_for_program(int fd) noexcept;

// In a child that the host's libraries have made, which is about to execute such a program: those descriptors stay
// open.
void hand_to_program() noexcept;

// Of a restart, before the program's descriptors have their numbers: what this thread makes may be below the host's, at
// numbers that the program does not have, where the host's do not suffice. It is closed by then.
class AnyNumber {
 public:
  AnyNumber() noexcept;
  ~AnyNumber();
  AnyNumber(const AnyNumber&) = delete;
  AnyNumber& operator=(const AnyNumber&) = delete;
};

// In a turn of the host's: the soft limit is the hard one, so that the host's descriptors can be made where they are.
class RaisedLimit {
 public:
  RaisedLimit() noexcept;
  ~RaisedLimit();
  RaisedLimit(const RaisedLimit&) = delete;
  RaisedLimit& operator=(const RaisedLimit&) = delete;

 private:
  rlimit before_{};
  bool raised_ = false;
};

inline int set_errno(long result) noexcept {
  if (!is_error(result)) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

// `call` is a system call that makes a descriptor, and waits for nothing. As libc's function for it.
template <class Call>
int made(Call call) noexcept {
  const DescriptorTurn turn;
  const RaisedLimit raised;
  return set_errno(moved_up(call()));
}

}  // namespace cairn::host
