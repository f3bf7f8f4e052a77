// SPDX-License-Identifier: Apache-2.0
#include "launcher/told_again.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/base/text.hpp"
#include "launcher/mpirun_options.hpp"

namespace cairn::launcher {
namespace {

using Words = std::vector<std::string>;

// Options that say the same thing in other words: one of them replaces all others of its line.
constexpr const char* kAlternatives[] = {
    "np n c",
    "host H hostfile machinefile default-hostfile",
    "map-by N npernode npersocket pernode ppr bynode byslot cpus-per-proc cpus-per-rank loadbalance rankfile rf",
    "bind-to bind-to-core bind-to-socket bind-to-none cpu-list cpu-set slot-list",
    "rank-by bynode byslot",
    "oversubscribe nooversubscribe",
    "wdir wd",
};

// Those whose value is a file that mpirun or a rank looks for.
constexpr char kFiles[] =
    "hostfile machinefile default-hostfile rankfile rf tune am cartofile cf wdir wd cr-dir ompi-server";

constexpr char kFileMark[] = "file:";

constexpr char kXmlFile[] = "orte_xml_file";  // the parameter that --xml-file sets

constexpr char kRestarted[] = ".restart-";

bool is_among(const std::string& name, const std::string& list) {
  const Words words = shell_words(list);
  return std::find(words.begin(), words.end(), name) != words.end();
}

struct Option {
  std::string name;  // without dashes, and without a value behind '='
  Words words;

  // What an option that says it anew says, too.
  std::string subject() const {
    if (name == "mca" || name == "gmca") return "mca " + (words.size() > 1 ? words[1] : "");
    if (name == "x") return "x " + (words.size() > 1 ? words[1].substr(0, words[1].find('=')) : "");
    for (const char* line : kAlternatives) {
      if (is_among(name, line)) return line;
    }
    return name;
  }
};

struct Context {
  std::vector<Option> options;
  std::string ranks;  // empty if it was not said
};

Option option_at(const Words& words, std::size_t at, std::size_t end) {
  Option option;
  const std::string& word = words[at];
  option.name = word.substr(word.find_first_not_of('-'));
  if (option.name.starts_with("cr-")) option.name = option.name.substr(0, option.name.find('='));
  const std::size_t behind = words_behind(word);
  for (std::size_t i = at; i < end && i <= at + behind; ++i) option.words.push_back(words[i]);
  return option;
}

bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word.find_first_not_of('-') != std::string::npos;
}

// The options in front of the program.
std::vector<Option> options_of(const Words& words, std::size_t begin, std::size_t end) {
  std::vector<Option> options;
  while (begin < end && is_option(words[begin])) {
    options.push_back(option_at(words, begin, end));
    begin += options.back().words.size();
  }
  return options;
}

std::vector<Context> contexts_of(const Words& words) {
  std::vector<Context> contexts;
  for (std::size_t begin = 0; begin <= words.size();) {
    const auto colon = std::find(words.begin() + static_cast<std::ptrdiff_t>(begin), words.end(), ":");
    const auto end = static_cast<std::size_t>(colon - words.begin());
    Context context{options_of(words, begin, end), {}};
    for (const Option& option : context.options) {
      if (is_among(option.name, kAlternatives[0]) && option.words.size() == 2) context.ranks = option.words[1];
    }
    contexts.push_back(std::move(context));
    begin = end + 1;
  }
  return contexts;
}

// What is said again by other means, or has no meaning without the programs: what is started is the host, by its path
// on all nodes.
bool is_left_out(const Option& option) {
  if (is_among(option.name, kAlternatives[0]) || is_among(option.name, "app help h preload-binary s")) return true;
  // A variable that has to come from mpirun's environment: the ranks have had it, and have it still.
  return option.name == "x" && option.words.size() == 2 && option.words[1].find('=') == std::string::npos &&
         std::getenv(option.words[1].c_str()) == nullptr;
}

// Cairn's options may have their value in the same word.
std::string* value_of(Option& option, std::size_t& from) {
  from = 0;
  if (option.words.size() > 1) return &option.words[1];
  from = option.words[0].find('=');
  if (from == std::string::npos) return nullptr;
  ++from;
  return &option.words[0];
}

void find_file(Option& option, const Told& told, const Paths& paths) {
  if (!is_among(option.name, kFiles)) return;
  std::size_t from = 0;
  std::string* value = value_of(option, from);
  if (value == nullptr || value->size() == from) return;
  if (option.name == "default-hostfile" && *value == "none") return;
  if (option.name == "ompi-server") {
    // Anything else is a number, or an address.
    if (!value->starts_with(kFileMark)) return;
    from = sizeof kFileMark - 1;
  }
  std::string path = value->substr(from);
  if (!path.starts_with("/")) path = told.directory + "/" + path;
  path = paths.here(path);
  if (option.name == "cr-dir" && paths.snapshots) path = paths.snapshots(path);
  *value = value->substr(0, from) + path;
}

// The file or directory that mpirun would empty, or none.
std::string* output_of(Option& option) {
  if (is_among(option.name, "output-filename xml-file") && option.words.size() == 2) return &option.words[1];
  const bool parameter = is_among(option.name, "mca gmca") && option.words.size() == 3;
  return parameter && option.words[1] == kXmlFile ? &option.words[2] : nullptr;
}

void find_room(Option& option, const Paths& paths) {
  std::string* const value = output_of(option);
  if (value == nullptr) return;
  // That of --output-filename may have directives behind a colon.
  const std::size_t colon = option.name == "output-filename" ? value->find(':') : std::string::npos;
  const std::size_t end = std::min(colon, value->size());
  *value = paths.unused(value->substr(0, end)) + value->substr(end);
}

}  // namespace

Words tell_again(const Told& told, const Words& anew, const Paths& paths) {
  std::set<std::string> said;
  for (const Option& option : options_of(anew, 0, anew.size())) said.insert(option.subject());
  Words result;
  const auto add = [&](std::vector<Option> options) {
    for (Option& option : options) {
      if (is_left_out(option) || said.count(option.subject()) != 0) continue;
      find_file(option, told, paths);
      find_room(option, paths);
      result.insert(result.end(), option.words.begin(), option.words.end());
    }
  };
  add(options_of(told.own_arguments, 0, told.own_arguments.size()));
  std::vector<Context> contexts = contexts_of(told.arguments);
  const bool all_known =
      std::all_of(contexts.begin(), contexts.end(), [](const Context& c) { return !c.ranks.empty(); });
  if (contexts.size() == 1 || !all_known) {
    contexts.resize(1);
    contexts[0].ranks = std::to_string(told.ranks);
  }
  for (const Option& option : options_of(anew, 0, anew.size()))
    if (!is_among(option.name, kAlternatives[0])) result.insert(result.end(), option.words.begin(), option.words.end());
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    if (i > 0) result.emplace_back(":");
    add(contexts[i].options);
    result.insert(result.end(), {"-np", contexts[i].ranks});
  }
  return result;
}

Words variables_told(const Words& words) {
  Words names;
  for (const Option& option : options_of(words, 0, words.size())) {
    if (option.name != "x" || option.words.size() != 2) continue;
    const std::string& told = option.words[1];
    const std::string name = told.substr(0, told.find('='));
    const bool is_there = name != told || std::getenv(name.c_str()) != nullptr;
    if (!name.empty() && is_there) names.push_back(name);
  }
  return names;
}

std::string unused_name(const std::string& path) {
  const auto is_free = [](const std::string& name) {
    return ::faccessat(AT_FDCWD, name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0;
  };
  if (is_free(path)) return path;
  std::string first = path;
  const std::size_t mark = path.rfind(kRestarted);
  const std::size_t number = mark + sizeof kRestarted - 1;
  if (mark != std::string::npos && number < path.size() &&
      path.find_first_not_of("0123456789", number) == std::string::npos)
    first = path.substr(0, mark);
  for (unsigned i = 1;; ++i)
    if (const std::string name = first + kRestarted + std::to_string(i); is_free(name)) return name;
}

}  // namespace cairn::launcher
