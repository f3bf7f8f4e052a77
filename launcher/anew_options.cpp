// SPDX-License-Identifier: Apache-2.0
#include "launcher/anew_options.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "launcher/mpirun_options.hpp"
#include "launcher/other_nodes.hpp"
#include "launcher/printed.hpp"
#include "launcher/real_mpirun.hpp"

namespace cairn::launcher {
namespace {

using Words = std::vector<std::string>;

constexpr char kOption[] = "--mpirun_opts";
constexpr char kOfRanks[] = "np n c";
constexpr char kOfPrograms[] = "app";
constexpr char kStartsNothing[] = "help h version V cairn-restart cairn-program";
constexpr char kNodes[] = "hostfile machinefile default-hostfile";
constexpr char kPlaces[] = "rankfile rf";
constexpr char kParameters[] = "tune am";  // lists of files
constexpr char kOthers[] = "cartofile cf";
constexpr char kCopied[] = "preload-files";
constexpr char kDirectories[] = "wdir wd";
constexpr char kServer[] = "ompi-server";
constexpr char kFileMark[] = "file:";
constexpr char kNoFile[] = "none";  // of --default-hostfile

bool is_among(const std::string& name, const char* list) {
  const Words words = shell_words(list);
  return std::find(words.begin(), words.end(), name) != words.end();
}

// Without dashes, and without a value behind '='; empty for what is no option.
std::string option_name(const std::string& word) {
  if (!word.starts_with("-")) return {};
  const std::size_t begin = std::min(word.find_first_not_of('-'), word.size());
  return word.substr(begin, word.find('=') - begin);
}

[[noreturn]] void refuse(const std::string& text) { throw ArgumentError(std::string(kOption) + ": " + text); }

void check_option(const std::string& word, const std::string& value, std::uint64_t ranks) {
  const std::string name = option_name(word);
  if (is_among(name, kOfPrograms) || (is_among(name, kOfRanks) && parse_number<std::uint64_t>(value) != ranks))
    refuse(word + " cannot be said: there are as many ranks as the snapshot has, " + std::to_string(ranks));
  if (is_among(name, kStartsNothing)) refuse(word + " cannot be said in a restart");
}

// Open MPI's mpirun reads all its options before it does as the first of them says.
void ask_mpirun(Words options) {
  static constexpr std::string_view kError = ": Error: ";
  options.insert(options.begin(), real_mpirun());
  options.emplace_back("--version");
  std::istringstream lines(printed_by(options, Streams::output_and_errors));
  for (std::string line; std::getline(lines, line);) {
    if (const std::size_t at = line.find(kError); at != std::string::npos)
      refuse("mpirun says: " + line.substr(at + kError.size()));
  }
}

void check_file(const std::string& option, const std::string& path, const std::string& advice) {
  if (::access(path.c_str(), R_OK) != 0) throw EnvironmentError(option + " " + with_errno(path, errno) + "; " + advice);
}

void check_files(const std::string& option, const std::string& list, const std::string& advice) {
  std::istringstream paths(list);
  for (std::string path; std::getline(paths, path, ',');) check_file(option, path, advice);
}

// Of a rank: its node may have it.
void check_directory(const std::string& option, const std::string& path) {
  if (::access(path.c_str(), X_OK) != 0)
    throw EnvironmentError(option + " " + with_errno(path, errno) +
                           "; where its files are now is said by --relocate OLD=NEW");
}

void check_files_of(const std::string& option, const std::string& value, bool here_only) {
  const std::string name = option_name(option), another = "another one can be said by " + std::string(kOption) + " ";
  if (is_among(name, kNodes) && value != kNoFile)
    check_file(option, value, "another one can be said by --hostfile FILE, or by " + std::string(kOption));
  if (is_among(name, kPlaces))
    check_file(option, value, another + "'" + option + " FILE', and none is needed with '--map-by slot'");
  // Without a slash it may be one of Open MPI's own.
  if (is_among(name, kParameters) && value.find('/') != std::string::npos)
    check_files(option, value, another + "'" + option + " FILE'");
  if (is_among(name, kOthers)) check_file(option, value, another + "'" + option + " FILE'");
  if (name == kServer && value.starts_with(kFileMark))
    check_file(option, value.substr(sizeof kFileMark - 1), another + "'" + option + " file:FILE'");
  if (name == kCopied) check_files(option, value, "restart in a directory that has it");
  if (is_among(name, kDirectories) && here_only) check_directory(option, value);
}

}  // namespace

void check_anew(const Words& anew, std::uint64_t ranks) {
  if (anew.empty()) return;
  Words options = {"--with-cr"};
  std::size_t end = 0;
  while (end < anew.size() && !option_name(anew[end]).empty()) {
    const std::size_t next = end + 1 + words_behind(anew[end]);
    if (next > anew.size()) refuse(anew[end] + " wants a value");
    check_option(anew[end], next > end + 1 ? anew[end + 1] : "", ranks);
    for (; end < next; ++end) options.push_back(anew[end]);
  }
  ask_mpirun(parse_mpirun(options).arguments);
  if (end < anew.size())
    refuse("'" + anew[end] + "' is no option; what is started are the snapshot's ranks, and nothing else");
}

void check_files_told(const Words& words) {
  const bool here_only = !may_use_other_nodes(words);
  for (std::size_t i = 0; i < words.size(); i += 1 + words_behind(words[i]))
    if (i + 1 < words.size()) check_files_of(words[i], words[i + 1], here_only);
}

}  // namespace cairn::launcher
