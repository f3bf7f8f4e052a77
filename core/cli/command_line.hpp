// SPDX-License-Identifier: Apache-2.0
// A command's options as a table, and what a user gave of them. Boost reads the words; what a value means, and what is
// said when it means nothing, is here, so that all commands say it alike. Ordinary code; everything that throws throws
// ArgumentError.
//
// An option is named without dashes and without its short form wherever it is asked for: "dir" for "dir,d".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace cairn::cli {

struct Option {
  std::string spelling;  // "dir,d"
  std::string value;     // what --help calls its value: "DIR". "[=NAME]": may be left out. Empty: a switch
  std::string help;
  bool repeated = false;  // may be given more than once
};

struct OptionGroup {
  std::string title;
  std::vector<Option> options;
};

struct CommandLine {
  std::string name;   // of the command
  std::string usage;  // what --help begins with; ends in a newline
  std::vector<OptionGroup> groups;
  std::string notes = {};        // what --help ends with
  bool abbreviations = false;    // --verb for --verbose
  bool program_follows = false;  // the first operand ends the options: it is a program, and they are its own
};

// The options as --help shows them.
std::string help_of(const std::vector<OptionGroup>& groups);

// A number from `lowest` to `highest`; `what` is what is said to want it: "--keep".
template <class T>
T number_of(const std::string& what, const std::string& text, T lowest, T highest = std::numeric_limits<T>::max()) {
  const std::optional<T> value = parse_number<T>(text);
  if (value && *value >= lowest && *value <= highest) return *value;
  const std::string to = highest == std::numeric_limits<T>::max() ? "" : " to " + std::to_string(highest);
  throw ArgumentError(what + " wants a number from " + std::to_string(lowest) + to + ", not '" + text + "'");
}
// Seconds, more than 0.
double seconds_of(const std::string& what, const std::string& text);
// OLD=NEW; an '=' in either is written "\\=" where it would be unclear which one is in between.
std::pair<std::string, std::string> pair_of(const std::string& what, const std::string& text);
// One of `allowed`.
std::string one_of(const std::string& what, const std::string& text, const std::vector<std::string>& allowed);
// A process number.
int process_of(const std::string& text);

class Given {
 public:
  Given(std::string command, std::map<std::string, std::vector<std::string>> options,
        std::vector<std::string> operands);

  bool has(const std::string& option) const { return options_.count(option) != 0; }
  // The value as it was given; `fallback` if the option was not given, or without a value.
  std::string text(const std::string& option, const std::string& fallback = {}) const;
  std::vector<std::string> texts(const std::string& option) const;
  template <class T>
  T number(const std::string& option, T fallback, T lowest, T highest = std::numeric_limits<T>::max()) const {
    return has(option) ? number_of<T>("--" + option, text(option), lowest, highest) : fallback;
  }
  double seconds(const std::string& option, double fallback) const;
  // OLD=NEW, both not empty.
  std::vector<std::pair<std::string, std::string>> pairs(const std::string& option) const;

  const std::vector<std::string>& operands() const { return operands_; }
  // The only operand; `wanted` says what it is, for whoever gave none or more.
  const std::string& operand(const std::string& wanted) const;

  // Throws if two of them were given.
  void at_most_one(std::initializer_list<const char*> options) const;
  // Throws if one of them was given beside `option`.
  void without(const std::string& option, std::initializer_list<const char*> others, const std::string& why) const;

 private:
  [[noreturn]] void refuse(const std::string& message) const;

  std::string command_;
  std::map<std::string, std::vector<std::string>> options_;
  std::vector<std::string> operands_;
};

// Reads `words`, which are without the command's name. Nothing if --help or --version was asked for (options of these
// names, where the table has them): that has been printed then, and is all there is to do.
std::optional<Given> parse(const CommandLine& line, std::vector<std::string> words);
// The same of main's arguments.
std::optional<Given> parse(const CommandLine& line, int argc, char** argv);

}  // namespace cairn::cli
