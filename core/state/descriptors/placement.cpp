// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/placement.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/base/error.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/state/descriptors/host_at_rest.hpp"
#include "core/state/resident.hpp"

namespace cairn::state {
namespace {

void refuse_numbers_of_the_host(std::span<const Descriptor> wanted) {
  for (const Descriptor& descriptor : wanted) {
    if (host::is_host_fd(descriptor.number)) {
      throw EnvironmentError("the program's descriptor " + std::to_string(descriptor.number) +
                             " is in use by the host; raise the limit of open files (ulimit -n)");
    }
  }
}

void place(const Descriptor& descriptor, int opened) {
  const long result = opened == descriptor.number
                          ? raw_syscall(SYS_fcntl, opened, F_SETFD, descriptor.close_on_exec ? FD_CLOEXEC : 0)
                          : raw_syscall(SYS_dup3, opened, descriptor.number, descriptor.close_on_exec ? O_CLOEXEC : 0);
  if (is_error(result)) {
    throw EnvironmentError(
        with_errno("cannot make descriptor " + std::to_string(descriptor.number), static_cast<int>(-result)));
  }
}

void move_to_host(UniqueFd& opened) {
  UniqueFd copy(fcntl(opened.get(), F_DUPFD_CLOEXEC, 0));  // which is the host's
  if (!copy) throw EnvironmentError(with_errno("descriptor " + std::to_string(opened.get()), errno));
  opened = std::move(copy);
}

}  // namespace

Places::Places(std::span<const Descriptor> wanted) {
  for (const Descriptor& descriptor : wanted) {
    wanted_.insert(descriptor.number);
    if (descriptor.number > STDERR_FILENO) place_.try_emplace(descriptor.description, descriptor.number);
  }
}

void Places::take(UniqueFd& opened, std::size_t description) const {
  const auto place = place_.find(description);
  if (place == place_.end() || place->second == opened.get() || host::is_host_fd(place->second)) return;
  const long copy = raw_syscall(SYS_fcntl, opened.get(), F_DUPFD_CLOEXEC, place->second);
  if (is_error(copy)) return;
  if (copy == place->second) {
    opened.reset(static_cast<int>(copy));
  } else {
    raw_syscall(SYS_close, copy);
  }
}

// The description that had to leave the place, or opened.size().
std::size_t Places::take_from_others(std::span<UniqueFd> opened, std::size_t description) const {
  const auto place = place_.find(description);
  std::size_t other = opened.size();
  if (place != place_.end() && place->second != opened[description].get()) {
    other = static_cast<std::size_t>(
        std::find_if(opened.begin(), opened.end(), [&](const UniqueFd& fd) { return fd.get() == place->second; }) -
        opened.begin());
  }
  if (other < opened.size()) move_to_host(opened[other]);
  take(opened[description], description);
  return other;
}

void Places::take_all(std::span<UniqueFd> opened) const {
  for (std::size_t i = 0; i < opened.size(); ++i) {
    for (std::size_t next = i; next < opened.size() && opened[next];) next = take_from_others(opened, next);
  }
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const auto place = place_.find(i);
    const bool is_there = place != place_.end() && place->second == opened[i].get();
    if (opened[i] && !is_there && wanted_.count(opened[i].get()) != 0) move_to_host(opened[i]);
  }
}

void place_descriptors(std::span<const Descriptor> wanted, std::span<UniqueFd> opened) {
  refuse_numbers_of_the_host(wanted);
  host::with_descriptors_at_rest([&] {
    for (const Descriptor& descriptor : wanted) place(descriptor, opened[descriptor.description].get());
  });
  std::set<int> numbers;
  for (const Descriptor& descriptor : wanted) numbers.insert(descriptor.number);
  for (UniqueFd& fd : opened) {
    if (numbers.count(fd.get()) != 0) static_cast<void>(fd.release());
    fd.reset();
  }
  for (int fd : host::guest_fds()) {
    if (numbers.count(fd) == 0) raw_syscall(SYS_close, fd);
  }
}

}  // namespace cairn::state
