// SPDX-License-Identifier: Apache-2.0
#include "core/state/descriptors/kinds/elsewhere.hpp"

#include "core/base/error.hpp"

namespace cairn::state {
namespace {

void check(const Description& description) {
  const auto owner = detail_of<MemberDescriptor>(description);
  if (owner.pid <= 0 || owner.number < 0)
    throw PermanentError("the description of " + description.path + " makes no sense");
}

UniqueFd reopen(const Description& description) {
  throw EnvironmentError(description.path + " was shared with process " +
                         std::to_string(detail_of<MemberDescriptor>(description).pid) +
                         ": both were saved together, and are restarted together, by their directory");
}

}  // namespace

Description describe_elsewhere(const OpenFile& file, MemberDescriptor owner) {
  Description result;
  result.kind = elsewhere_number;
  result.path = file.path;
  result.flags = static_cast<std::uint32_t>(file.flags);
  result.detail = encode(owner);
  return result;
}

extern const DescriptorKind elsewhere_descriptor;
const DescriptorKind elsewhere_descriptor = {
    .number = elsewhere_number,
    .name = "shared with another process",
    .inheritable = false,
    .recognise = [](const OpenFile&) { return false; },
    .describe = [](const OpenFile&, const OpenFiles&) { return std::vector<std::uint8_t>(); },
    .check = check,
    .reopen = reopen,
    .refill = nullptr,
    .documentation = {"any of these that several processes of a tree share", "once, by the first of them",
                      "cr_restart makes it and hands it to all; found by kcmp(2)", "tests/process/groups/sharing.cpp"},
};

}  // namespace cairn::state
