// SPDX-License-Identifier: Apache-2.0
#include "core/cli/command_line.hpp"

#include <sys/types.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <iostream>
#include <sstream>

#include "core/cli/report.hpp"

namespace cairn::cli {
namespace {

namespace po = boost::program_options;

using Words = std::vector<std::string>;

constexpr char kOperands[] = "operand";
constexpr char kAlone[] = "-alone";  // what the name of an option ends in that was given without its optional value

std::string long_name(const Option& option) { return option.spelling.substr(0, option.spelling.find(',')); }
bool value_may_be_missing(const Option& option) { return option.value.starts_with("["); }

po::options_description described(const std::vector<OptionGroup>& groups) {
  po::options_description shown;
  for (const OptionGroup& group : groups) {
    po::options_description options(group.title);
    for (const Option& option : group.options) {
      if (option.value.empty()) {
        options.add_options()(option.spelling.c_str(), option.help.c_str());
      } else if (option.repeated) {
        options.add_options()(option.spelling.c_str(), po::value<Words>()->value_name(option.value),
                              option.help.c_str());
      } else {
        options.add_options()(option.spelling.c_str(), po::value<std::string>()->value_name(option.value),
                              option.help.c_str());
      }
    }
    shown.add(options);
  }
  return shown;
}

// Boost would take the operand for the value: such an option becomes another one, which has none.
void mark_missing_values(const CommandLine& line, Words& words, po::options_description& all) {
  for (const OptionGroup& group : line.groups) {
    for (const Option& option : group.options) {
      if (!value_may_be_missing(option)) continue;
      all.add_options()((long_name(option) + kAlone).c_str(), "");
      std::replace(words.begin(), words.end(), "--" + long_name(option), "--" + long_name(option) + kAlone);
    }
  }
}

// Where the program's own words begin.
std::ptrdiff_t end_of_options(const CommandLine& line, const Words& words) {
  if (!line.program_follows) return static_cast<std::ptrdiff_t>(words.size());
  const auto end =
      std::find_if(words.begin(), words.end(), [](const std::string& w) { return !w.starts_with("-") || w == "--"; });
  return end - words.begin();
}

po::variables_map read(const CommandLine& line, const po::options_description& all, const Words& words) {
  po::positional_options_description operands;
  operands.add(kOperands, -1);
  const int guess = line.abbreviations ? 0 : po::command_line_style::allow_guessing;
  po::variables_map map;
  try {
    po::store(po::command_line_parser(words)
                  .options(all)
                  .positional(operands)
                  .style(po::command_line_style::unix_style & ~guess)
                  .run(),
              map);
    po::notify(map);
  } catch (const po::error& error) {
    throw ArgumentError(std::string(error.what()) + " (see " + line.name + " --help)");
  }
  return map;
}

Words values_of(const po::variable_value& value) {
  if (const auto* words = boost::any_cast<Words>(&value.value())) return *words;
  const auto* word = boost::any_cast<std::string>(&value.value());
  return word != nullptr && !word->empty() ? Words{*word} : Words{};
}

Given given_of(const CommandLine& line, const po::variables_map& map, const Words& program) {
  std::map<std::string, Words> options;
  Words operands = program;
  for (const auto& [name, value] : map) {
    if (name == kOperands) {
      operands = values_of(value);
    } else if (name.ends_with(kAlone)) {
      const std::string wanted = name.substr(0, name.size() - sizeof kAlone + 1);
      if (map.count(wanted) != 0) throw ArgumentError("--" + wanted + " was given twice");
      options[wanted];
    } else {
      options[name] = values_of(value);
    }
  }
  return {line.name, options, operands};
}

}  // namespace

std::string help_of(const std::vector<OptionGroup>& groups) {
  std::ostringstream text;
  text << described(groups);
  return text.str();
}

std::optional<Given> parse(const CommandLine& line, Words words) {
  po::options_description all = described(line.groups);
  all.add_options()(kOperands, po::value<Words>());
  const auto end = words.begin() + end_of_options(line, words);
  const Words program(end != words.end() && *end == "--" && line.program_follows ? end + 1 : end, words.end());
  words.erase(end, words.end());
  mark_missing_values(line, words, all);
  const po::variables_map map = read(line, all, words);
  if (map.count("help") != 0) {
    std::cout << line.usage << help_of(line.groups) << line.notes;
    return std::nullopt;
  }
  if (map.count("version") != 0) {
    print_version(line.name);
    return std::nullopt;
  }
  return given_of(line, map, program);
}

std::optional<Given> parse(const CommandLine& line, int argc, char** argv) {
  return parse(line, Words(argv + 1, argv + argc));
}

Given::Given(std::string command, std::map<std::string, Words> options, Words operands)
    : command_(std::move(command)), options_(std::move(options)), operands_(std::move(operands)) {}

void Given::refuse(const std::string& message) const {
  throw ArgumentError(message + " (see " + command_ + " --help)");
}

std::string Given::text(const std::string& option, const std::string& fallback) const {
  const auto found = options_.find(option);
  return found == options_.end() || found->second.empty() ? fallback : found->second.front();
}

Words Given::texts(const std::string& option) const { return has(option) ? options_.at(option) : Words{}; }

double Given::seconds(const std::string& option, double fallback) const {
  return has(option) ? seconds_of("--" + option, text(option)) : fallback;
}

std::vector<std::pair<std::string, std::string>> Given::pairs(const std::string& option) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& word : texts(option)) pairs.push_back(pair_of("--" + option, word));
  return pairs;
}

const std::string& Given::operand(const std::string& wanted) const {
  if (operands_.size() != 1)
    refuse("exactly one operand is needed, " + wanted + "; " + std::to_string(operands_.size()) + " were given");
  return operands_.front();
}

void Given::at_most_one(std::initializer_list<const char*> options) const {
  std::string found;
  for (const char* option : options) {
    if (!has(option)) continue;
    if (!found.empty()) throw ArgumentError("--" + found + " and --" + option + " contradict each other");
    found = option;
  }
}

void Given::without(const std::string& option, std::initializer_list<const char*> others,
                    const std::string& why) const {
  if (!has(option)) return;
  for (const char* other : others) {
    if (has(other)) throw ArgumentError("--" + option + " " + why + ": --" + other + " has no meaning with it");
  }
}

// Which '=' is the one in between? The only one that an absolute path follows, else the first.
std::pair<std::string, std::string> pair_of(const std::string& what, const std::string& text) {
  std::vector<std::size_t> all, before_path;
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\=") == 0) {
      ++i;
    } else if (text[i] == '=') {
      all.push_back(plain.size());
      if (text.compare(i, 2, "=/") == 0) before_path.push_back(plain.size());
    }
    plain += text[i];
  }
  const std::vector<std::size_t>& candidates = before_path.size() == 1 ? before_path : all;
  if (candidates.empty() || candidates[0] == 0 || candidates[0] + 1 == plain.size())
    throw ArgumentError(what + " wants OLD=NEW, not '" + text + "'");
  return {plain.substr(0, candidates[0]), plain.substr(candidates[0] + 1)};
}

double seconds_of(const std::string& what, const std::string& text) {
  const std::optional<double> value = parse_number<double>(text);
  if (!value || !std::isfinite(*value) || *value <= 0)
    throw ArgumentError(what + " wants a number of seconds, not '" + text + "'");
  return *value;
}

std::string one_of(const std::string& what, const std::string& text, const std::vector<std::string>& allowed) {
  std::string list;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (text == allowed[i]) return text;
    list += (i == 0 ? "" : i + 1 < allowed.size() ? ", " : " or ") + allowed[i];
  }
  throw ArgumentError(what + " wants " + list + ", not '" + text + "'");
}

int process_of(const std::string& text) {
  const std::optional<pid_t> pid = parse_number<pid_t>(text);
  if (!pid || *pid <= 0) throw ArgumentError("'" + text + "' is not a process number");
  return *pid;
}

}  // namespace cairn::cli
