// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.hpp"

#include <system_error>

namespace cairn {

std::string with_errno(const std::string& what, int error) {
  return what + ": " + std::generic_category().message(error);
}

}  // namespace cairn
