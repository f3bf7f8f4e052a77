// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/tool/indices.hpp"

#include <limits>

namespace cairn::shim::tool {

void Indices::refresh() {
  for (int n = library_.count(), real = static_cast<int>(index_.size()); real < n; ++real) add(real);
}

void Indices::renumber() {
  absent_.clear();
  for (int i = 0; i < count(); ++i)
    if (!name(i).empty()) absent_.emplace(name(i), i);
  real_.assign(names_.size(), kNone);
  index_.clear();
  refresh();
}

// Of several with one name the first is found first.
void Indices::add(int real) {
  std::string name = library_.name(real);
  const auto found = name.empty() ? absent_.end() : absent_.find(name);
  if (found != absent_.end()) {
    real_[static_cast<std::size_t>(found->second)] = real;
    index_.push_back(found->second);
    absent_.erase(found);
    return;
  }
  index_.push_back(count());
  names_.push_back(std::move(name));
  real_.push_back(real);
}

// The library hides a variable whose component it has closed, and may have it again later.
void Indices::learn_name(int index) {
  std::string& name = names_[static_cast<std::size_t>(index)];
  const int real = real_[static_cast<std::size_t>(index)];
  if (!name.empty() || real == kNone) return;
  name = library_.name(real);
  const auto found = name.empty() ? absent_.end() : absent_.find(name);
  if (found == absent_.end()) return;
  real_[static_cast<std::size_t>(found->second)] = real;
  index_[static_cast<std::size_t>(real)] = found->second;
  absent_.erase(found);
}

std::optional<int> Indices::to_real(int index) {
  if (index < 0) return index;
  if (index >= count()) refresh();
  if (index >= count()) return std::numeric_limits<int>::max();
  learn_name(index);
  const int real = real_[static_cast<std::size_t>(index)];
  return real == kNone ? std::nullopt : std::optional<int>(real);
}

int Indices::from_real(int real) {
  if (real >= static_cast<int>(index_.size())) refresh();
  return real >= 0 && real < static_cast<int>(index_.size()) ? index_[static_cast<std::size_t>(real)] : real;
}

}  // namespace cairn::shim::tool
