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
#include "launcher/printed.hpp"
#include "launcher/real_mpirun.hpp"

namespace cairn::launcher {
namespace {

using Words = std::vector<std::string>;

constexpr char kOption[] = "--mpirun_opts";
constexpr char kOfRanks[] = "np n c app";
constexpr char kStartsNothing[] = "help h version V cairn-restart cairn-program";
constexpr char kPlaces[] = "hostfile machinefile default-hostfile rankfile rf";
constexpr char kCopied[] = "preload-files";
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

void check_option(const std::string& word) {
  const std::string name = option_name(word);
  if (is_among(name, kOfRanks)) refuse(word + " cannot be said: there are as many ranks as the snapshot has");
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

void check_files_of(const std::string& option, const std::string& value) {
  const std::string name = option_name(option);
  if (is_among(name, kPlaces) && value != kNoFile)
    check_file(option, value, "another one can be said by --hostfile FILE, or by " + std::string(kOption));
  if (name != kCopied) return;
  std::istringstream paths(value);
  for (std::string path; std::getline(paths, path, ',');)
    check_file(option, path, "restart in a directory that has it");
}

}  // namespace

void check_anew(const Words& anew) {
  if (anew.empty()) return;
  Words options = {"--with-cr"};
  std::size_t end = 0;
  while (end < anew.size() && !option_name(anew[end]).empty()) {
    check_option(anew[end]);
    const std::size_t next = end + 1 + words_behind(anew[end]);
    if (next > anew.size()) refuse(anew[end] + " wants a value");
    for (; end < next; ++end) options.push_back(anew[end]);
  }
  ask_mpirun(parse_mpirun(options).arguments);
  if (end < anew.size())
    refuse("'" + anew[end] + "' is no option; what is started are the snapshot's ranks, and nothing else");
}

void check_files_told(const Words& words) {
  for (std::size_t i = 0; i < words.size(); i += 1 + words_behind(words[i]))
    if (i + 1 < words.size()) check_files_of(words[i], words[i + 1]);
}

}  // namespace cairn::launcher
