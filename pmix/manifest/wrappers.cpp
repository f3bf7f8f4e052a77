// SPDX-License-Identifier: Apache-2.0
#include "pmix/manifest/wrappers.hpp"

#include <map>
#include <vector>

#include "core/base/text.hpp"

namespace cairn::manifest {
namespace {

constexpr std::size_t kMostNumbers = 8;

using Ranks = std::vector<std::size_t>;

std::string in_words(const Ranks& ranks, std::size_t of) {
  if (ranks.size() == 1) return "rank " + std::to_string(ranks.front()) + " runs";
  if (ranks.size() == of) return "all " + std::to_string(of) + " ranks run";
  std::string numbers;
  for (std::size_t i = 0; i < ranks.size() && i < kMostNumbers; ++i)
    numbers += (i == 0 ? "" : ", ") + std::to_string(ranks[i]);
  return "ranks " + numbers + (ranks.size() > kMostNumbers ? ", ..." : "") + " run";
}

}  // namespace

std::string note_of_wrappers(const Sequence& sequence) {
  std::map<std::string, Ranks> under;
  for (std::size_t r = 0; r < sequence.ranks.size(); ++r)
    if (!sequence.ranks[r].wrapper.empty()) under[sequence.ranks[r].wrapper].push_back(r);
  if (under.empty()) return {};
  std::string text;
  for (const auto& [wrapper, ranks] : under)
    text += (text.empty() ? "" : "; ") + in_words(ranks, sequence.ranks.size()) + " under `" + printable(wrapper) + "`";
  return text +
         ": what that does after the program, and the exit code that it ends with, are no part of the snapshot, and a "
         "restart has neither; a script that ends with `exec PROGRAM` loses nothing";
}

}  // namespace cairn::manifest
