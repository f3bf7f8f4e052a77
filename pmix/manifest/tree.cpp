// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/tree.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/error.hpp"

namespace cairn::manifest {

namespace {

void check_kind(const Values& values, Kind kind) {
  if (values.kind != kind) throw PermanentError("manifest: " + values.name + " has values of another type");
}

}  // namespace

GroupIndex::GroupIndex(const Tree& tree) {
  for (const Group& group : tree.groups) groups_.emplace(group.path, &group);
}

const Group* GroupIndex::find(const std::string& path) const {
  const auto found = groups_.find(path);
  return found == groups_.end() ? nullptr : found->second;
}

const Values* find(const std::vector<Values>& all, const std::string& name) noexcept {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Values& v) { return v.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void get(const Values& values, std::vector<std::string>& out) {
  check_kind(values, Kind::text);
  out = values.texts;
}

void get(const Values& values, std::vector<std::uint64_t>& out) {
  check_kind(values, Kind::number);
  out = values.numbers;
}

void get(const Values& values, std::vector<double>& out) {
  check_kind(values, Kind::time);
  out.clear();
  for (const std::uint64_t bits : values.numbers) {
    out.push_back(std::bit_cast<double>(bits));
    if (!std::isfinite(out.back())) throw PermanentError("manifest: " + values.name + " is no time");
  }
}

}  // namespace cairn::manifest
