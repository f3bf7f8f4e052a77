// SPDX-License-Identifier: Apache-2.0
// How the commands speak: errors on stderr, exit codes (docs/exit-codes.md), versions. Ordinary code.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace cairn::cli {

// How an error looks: "NAME: message" as the cr_ commands say it, or a topic in a frame as Open MPI's commands do,
// which ends with what to do about an error of its class.
enum class Voice { line, framed };

// A failure of which the answer in JSON says more than code and text.
class DetailedError : public Error {
 public:
  // `members`: of the answer, each with a comma in front of it.
  DetailedError(int code, const std::string& message, std::string members)
      : Error(code, message), members_(std::move(members)) {}
  const std::string& members() const noexcept { return members_; }

 private:
  std::string members_;
};

// Prints "NAME: message" on stderr.
void complain(const std::string& name, const std::string& message);
// Says what went wrong. Returns the exit code.
int report_error(const std::string& name, Voice voice, const Error& error);
// The answer on stdout of a command that is to answer in JSON.
void print_failure(const std::exception& error);
// "NAME (Cairn) 0.1.0"
void print_version(const std::string& name);

// Abbreviated, too.
inline bool says_json(const std::string& word) { return word.size() > 2 && std::string("--json").starts_with(word); }

// Runs `body`, turns errors into messages and exit codes.
int run_command(const std::string& name, Voice voice, const std::function<int()>& body);

// The main function of a command: `parse` makes options of its words, or nothing if all has been said already; `run`
// does what they ask for. Options that have `json` say whether the answer is to be in JSON: then a failure is one, too.
template <class Parse, class Run>
int run_command(const std::string& name, Voice voice, int argc, char** argv, Parse parse, Run run) {
  return run_command(name, voice, [&]() -> int {
    const std::vector<std::string> words(argv + 1, argv + argc);
    constexpr bool kKnowsJson = requires { parse(words)->json; };
    bool json = kKnowsJson && std::any_of(words.begin(), words.end(), says_json);
    try {
      auto options = parse(words);
      if constexpr (kKnowsJson) json = options && options->json;
      return options ? run(*options) : CAIRN_EXIT_OK;
    } catch (const std::exception& error) {
      if (json) print_failure(error);
      throw;
    }
  });
}

}  // namespace cairn::cli
