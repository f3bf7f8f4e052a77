// SPDX-License-Identifier: Apache-2.0
// Settings that go into the host -> guest table when build_fixed_area() writes it.
#pragma once

#include <cstdint>
#include <string>

#include "core/abi/host_table.h"
#include "core/state/extension.hpp"

namespace cairn::host {

void set_host_path(const std::string& path);
void set_host_options(const std::string& options);
// CAIRN_UNTOLD_... of the program that executed this one, which hold for this one, too.
void set_untold_before(std::uint64_t untold) noexcept;
// Numbers of System V objects that the program may be told: "KIND.ID.NOW,..." in hexadecimal. Throws ArgumentError.
void set_system_v_before(const std::string& numbers);
// Implemented by the control thread's side; null until set.
void set_request_self(int (*function)(const cairn_self_request*)) noexcept;
void set_extension(Extension& extension) noexcept;
// Instead of build_fixed_area(): the area of the host before stays, and the table names this one from now on. While all
// threads of the guest stand.
void take_over_table();

}  // namespace cairn::host
