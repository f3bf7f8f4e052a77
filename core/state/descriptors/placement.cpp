// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/placement.hpp"

#include <fcntl.h>

#include <algorithm>
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
  const long result = raw_syscall(SYS_dup3, opened, descriptor.number, descriptor.close_on_exec ? O_CLOEXEC : 0);
  if (is_error(result)) {
    throw EnvironmentError(
        with_errno("cannot make descriptor " + std::to_string(descriptor.number), static_cast<int>(-result)));
  }
}

}  // namespace

void place_descriptors(std::span<const Descriptor> wanted, std::span<const UniqueFd> opened) {
  refuse_numbers_of_the_host(wanted);
  host::with_descriptors_at_rest([&] {
    for (const Descriptor& descriptor : wanted) place(descriptor, opened[descriptor.description].get());
  });
  for (int fd : host::guest_fds()) {
    const bool is_wanted =
        std::any_of(wanted.begin(), wanted.end(), [fd](const Descriptor& d) { return d.number == fd; });
    if (!is_wanted) raw_syscall(SYS_close, fd);
  }
}

}  // namespace cairn::state
