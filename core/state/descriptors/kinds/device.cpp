// SPDX-License-Identifier: Apache-2.0
// Devices without a state: null, zero, full, random, urandom, tty.
#include "core/state/descriptors/kinds/device.hpp"

#include "core/base/error.hpp"
#include "core/state/descriptors/kinds/by_reference.hpp"
#include "core/state/descriptors/standard_files.hpp"

namespace cairn::state {
namespace {

std::vector<std::uint8_t> describe(const OpenFile& file, const OpenFiles& /*all*/) {
  DeviceDetail detail{file.status.st_rdev};
  return encode(detail);
}

void check(const Description& description) { static_cast<void>(detail_of<DeviceDetail>(description)); }

bool fits(const Description& description, const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == detail_of<DeviceDetail>(description).device;
}

// A program may have used a node of its own, which is no longer there: the device has its usual name as well.
UniqueFd reopen(const Description& description) try {
  return reopen_path(description, fits);
} catch (const EnvironmentError&) {
  for (const char* name : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}) {
    struct stat usual {};
    if (stat(name, &usual) != 0 || !fits(description, usual)) continue;
    Description elsewhere = description;
    elsewhere.path = name;
    return reopen_path(elsewhere, fits);
  }
  throw;
}

}  // namespace

extern const DescriptorKind device_descriptor;
const DescriptorKind device_descriptor = {
    .number = 2,
    .name = "device",
    .inheritable = true,
    .recognise = [](const OpenFile& file) { return is_harmless_device(file.status); },
    .describe = describe,
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"/dev/null, zero, full, random, urandom, tty",
                      "opened again by path, or by its usual name in /dev", "any other device is refused",
                      "tests/state/descriptors/files.cpp"},
};

}  // namespace cairn::state
