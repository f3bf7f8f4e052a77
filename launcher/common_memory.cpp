// SPDX-License-Identifier: Apache-2.0
#include "launcher/common_memory.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>

#include "core/base/error.hpp"
#include "launcher/printed.hpp"
#include "mpi/abi/mpi_state.h"

namespace cairn::launcher {
namespace {

// The number behind `mark` in a line of the map.
std::optional<std::size_t> number_behind(const std::string& line, std::string_view mark) {
  const std::size_t at = line.find(mark);
  if (at == std::string::npos) return std::nullopt;
  std::size_t number = 0;
  if (std::sscanf(line.c_str() + at + mark.size(), "%zu", &number) != 1) return std::nullopt;
  return number;
}

std::string word_behind(const std::string& line, std::string_view mark) {
  std::istringstream rest(line.substr(line.find(mark) + mark.size()));
  std::string word;
  rest >> word;
  return word;
}

// A node without a number of slots gets as many as it has cores, which only it knows.
bool says_slots(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") != std::string::npos && line.find("slots") == std::string::npos) return false;
  }
  return true;
}

bool is_host_file_option(const std::string& word) {
  static constexpr std::array<std::string_view, 3> kOptions = {"hostfile", "machinefile", "default-hostfile"};
  const std::size_t begin = word.find_first_not_of('-');
  return begin != 0 && begin != std::string::npos &&
         std::find(kOptions.begin(), kOptions.end(), std::string_view(word).substr(begin)) != kOptions.end();
}

}  // namespace

void CommonMemory::look_at(const context::Reader& image) {
  static constexpr std::string_view kBefore = "/memfd:" CAIRN_MPI_COMMON_MEMORY;
  for (const context::StoredArea& stored : image.areas()) {
    const std::string& path = stored.area.path.string();
    if (path.starts_with(kBefore)) ranks_of_[path].insert(ranks_);
  }
  ++ranks_;
}

bool CommonMemory::exists() const {
  return std::any_of(ranks_of_.begin(), ranks_of_.end(), [](const auto& memory) { return memory.second.size() > 1; });
}

void CommonMemory::check(const std::vector<std::string>& nodes) const {
  for (const auto& [name, ranks] : ranks_of_) {
    const std::size_t first = *ranks.begin();
    const auto other =
        std::find_if(ranks.begin(), ranks.end(), [&](std::size_t rank) { return nodes.at(rank) != nodes.at(first); });
    if (other == ranks.end()) continue;
    throw EnvironmentError(std::to_string(ranks.size()) +
                           " ranks have memory in common (MPI_Win_allocate_shared) and must be on one node: "
                           "rank " +
                           std::to_string(first) + " would be on " + nodes.at(first) + ", rank " +
                           std::to_string(*other) + " on " + nodes.at(*other) +
                           "; place them together with --hostfile, or --mpirun_opts \"--map-by ...\"");
  }
}

std::optional<std::vector<std::string>> read_map(const std::string& printed, std::size_t ranks) {
  static constexpr std::string_view kNode = "Data for node: ", kRank = "Process rank: ";
  std::vector<std::string> nodes(ranks);
  std::istringstream lines(printed);
  std::string line, node;
  while (std::getline(lines, line)) {
    if (line.find(kNode) != std::string::npos) node = word_behind(line, kNode);
    const auto rank = number_behind(line, kRank);
    if (rank && *rank < ranks) nodes[*rank] = node;
  }
  const bool all = std::none_of(nodes.begin(), nodes.end(), [](const std::string& one) { return one.empty(); });
  return all ? std::optional(nodes) : std::nullopt;
}

std::optional<std::vector<std::string>> foresee_nodes(const std::vector<std::string>& command, std::size_t ranks) {
  for (std::size_t i = 0; i + 1 < command.size(); ++i)
    if (is_host_file_option(command[i]) && !says_slots(command[i + 1])) return std::nullopt;
  std::vector<std::string> asking = command;
  asking.insert(asking.begin() + 1, {"--do-not-launch", "--display-map"});
  return read_map(printed_by(asking, Streams::output), ranks);
}

}  // namespace cairn::launcher
