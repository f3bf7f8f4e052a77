// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as the index of a group, as they are and with head and checksum made right; what is read is
// planned as by a restart. Only cairn::Error may come out, and every process of a plan has one place in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/base/error.hpp"
#include "core/context/checksum.hpp"
#include "core/context/group_index.hpp"
#include "core/group/plan.hpp"

namespace {

using namespace cairn;

void try_as_index(const std::vector<std::uint8_t>& bytes) {
  try {
    const context::GroupIndex index = context::parse_group_index(bytes, "fuzz");
    const std::vector<group::PlannedProcess> plan = group::plan_restart(index);
    if (plan.size() != index.processes.size()) std::abort();
    std::vector<int> made(plan.size());
    for (const group::PlannedProcess& process : plan) {
      for (const auto* children : {&process.first, &process.then}) {
        for (const std::size_t child : *children) ++made.at(child);
      }
    }
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i] != (i == 0 ? 0 : 1)) std::abort();
    }
  } catch (const Error&) {
  }
}

std::vector<std::uint8_t> sealed(std::vector<std::uint8_t> bytes) {
  context::GroupIndexHead head;
  if (bytes.size() < sizeof head) return bytes;
  head.length = bytes.size() - sizeof head;
  head.checksum = context::checksum64(bytes.data() + sizeof head, bytes.size() - sizeof head);
  std::memcpy(bytes.data(), &head, sizeof head);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> bytes(data, data + size);
  try_as_index(bytes);
  try_as_index(sealed(bytes));
  return 0;
}
