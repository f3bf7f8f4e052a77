// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace cairn::state {

struct DeviceDetail {
  std::uint64_t device = 0;  // st_rdev
  template <class Archive>
  void fields(Archive& a) {
    a(device);
  }
};

}  // namespace cairn::state
