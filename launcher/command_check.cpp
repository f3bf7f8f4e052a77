// SPDX-License-Identifier: Apache-2.0
#include "launcher/command_check.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "launcher/mpirun_options.hpp"
#include "launcher/told_again.hpp"

namespace cairn::launcher {
namespace {

// Of all programs: each part of what is told again ends with "-np" and its number. More than there can be: some number
// is none.
std::uint64_t ranks_of(const std::vector<std::string>& words) {
  std::uint64_t all = 0;
  for (auto begin = words.begin();; ++begin) {
    const auto end = std::find(begin, words.end(), ":");
    const auto number = parse_number<std::uint32_t>(*(end - 1));
    if (!number) return std::numeric_limits<std::uint64_t>::max();
    all += *number;
    if (end == words.end()) return all;
    begin = end;
  }
}

}  // namespace

void check_command(const Snapshot& snapshot) {
  const manifest::Job& job = snapshot.manifest.job;
  const auto as_it_is = [](const std::string& path) { return path; };
  std::vector<std::string> words =
      tell_again({job.arguments, job.own_arguments, job.working_directory, job.ranks}, {}, {as_it_is, as_it_is});
  const std::string what = "snapshot " + snapshot.name() + " is damaged: what its manifest says of mpirun's ";
  if (ranks_of(words) != job.ranks) {
    throw PermanentError(what + "programs (" + quoted(words) + ") does not come to the job's " +
                         std::to_string(job.ranks) + " ranks");
  }
  words.insert(words.begin(), "--with-cr");
  try {
    parse_mpirun(words);
  } catch (const ArgumentError& error) {
    throw PermanentError(what + "options makes no sense: " + error.what());
  }
}

}  // namespace cairn::launcher
