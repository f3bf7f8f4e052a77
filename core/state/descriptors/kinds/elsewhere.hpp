// SPDX-License-Identifier: Apache-2.0
// An open file description that another process of the group has saved (docs/groups.md).
#pragma once

#include "core/state/descriptors/descriptor_kind.hpp"
#include "core/state/group_scope.hpp"

namespace cairn::state {

inline constexpr std::uint32_t elsewhere_number = 12;

// Description::detail of such is a MemberDescriptor: where it is described.
Description describe_elsewhere(const OpenFile& file, MemberDescriptor owner);

}  // namespace cairn::state
