// SPDX-License-Identifier: Apache-2.0
// Settings that go into the host -> guest table when build_fixed_area() writes it.
#pragma once

#include <string>

#include "core/abi/host_table.h"
#include "core/state/extension.hpp"

namespace cairn::host {

void set_host_path(const std::string& path);
void set_host_options(const std::string& options);
// Implemented by the control thread's side; null until set.
void set_request_self(int (*function)(const cairn_self_request*)) noexcept;
void set_extension(Extension& extension) noexcept;

}  // namespace cairn::host
