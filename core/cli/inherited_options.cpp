// SPDX-License-Identifier: Apache-2.0
#include "core/cli/inherited_options.hpp"

#include <array>

namespace cairn::cli {
namespace {

struct Choice {
  const char* name;
  std::vector<std::string> values;
  const char* help;
  std::string restart::Options::*member;
};

const std::vector<Choice>& choices() {
  static const std::vector<Choice> all{
      {"grown",
       {"cut", "keep", "discard", "refuse"},
       "files that the program writes to and that are longer now: cut them back and keep the rest in FILE.after-N "
       "(default); leave them as they are; cut them back and keep nothing; fail",
       &restart::Options::grown},
      {"changed",
       {"refuse", "accept"},
       "files that are shorter, or have other content: fail (default); use them as they are",
       &restart::Options::changed},
      {"missing",
       {"refuse", "create"},
       "files that are missing: fail (default); make them again, as they were if the checkpoint has kept them (small "
       "ones "
       "that the program writes to), else empty",
       &restart::Options::missing},
      {"stdio",
       {"auto", "saved", "new"},
       "files that were standard input, output or error: input goes on, output too unless it is redirected now "
       "(default); all go on; all are this command's",
       &restart::Options::stdio},
      {"foreign",
       {"refuse", "accept"},
       "what is restarted may have been written by somebody else, who could have a program do anything with the rights "
       "of whoever restarts it: fail (default); take it",
       &restart::Options::foreign}};
  return all;
}

}  // namespace

OptionGroup inherited_options() {
  OptionGroup group{"Files that are not what they were, or somebody else's; variables of another job", {}};
  for (const Choice& choice : choices()) {
    std::string values;
    for (const std::string& value : choice.values) values += (values.empty() ? "" : "|") + value;
    group.options.push_back({choice.name, values, choice.help});
  }
  group.options.push_back(
      {"new-env", "NAME",
       "variable, or NAME* for all that begin so, that is this command's now, as those of batch systems and TMPDIR are",
       true});
  group.options.push_back({"saved-env", "NAME", "one of these that stays as it was", true});
  return group;
}

void take_inherited_options(const Given& given, restart::Options& options) {
  for (const Choice& choice : choices()) {
    if (!given.has(choice.name)) continue;
    options.*choice.member = one_of(std::string("--") + choice.name, given.text(choice.name), choice.values);
  }
  options.new_environment = given.texts("new-env");
  options.saved_environment = given.texts("saved-env");
}

}  // namespace cairn::cli
