// SPDX-License-Identifier: Apache-2.0
#include "launcher/mpirun_options.hpp"

#include <signal.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/cli/command_line.hpp"
#include "core/cli/parameter_options.hpp"
#include "launcher/open_mpi_options.hpp"

namespace cairn::launcher {
namespace {

constexpr char kWithCr[] = "--with-cr";

int signal_of(const std::string& option, const std::string& text) {
  static const std::map<std::string, int> names = {
      {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"XCPU", SIGXCPU}};
  const std::string name = text.starts_with("SIG") ? text.substr(3) : text;
  if (const auto it = names.find(name); it != names.end()) return it->second;
  const int number = parse_number<int>(text).value_or(0);
  for (const auto& [known, value] : names) {
    if (value == number) return value;
  }
  throw ArgumentError(option + " wants USR1, USR2, TERM, HUP or XCPU, not '" + text + "'");
}

void set_signal(MpirunOptions& o, const std::string& option, const std::string& value) {
  const std::size_t colon = value.find(':');
  if (colon != std::string::npos && value.substr(colon) != ":term")
    throw ArgumentError(option + " wants SIGNAL or SIGNAL:term, not '" + value + "'");
  const int signal = signal_of(option, value.substr(0, colon));
  if (!o.signals.emplace(signal, colon != std::string::npos).second)
    throw ArgumentError(option + " says twice what " + value.substr(0, colon) + " means");
}

void set_every(MpirunOptions& o, const std::string& option, const std::string& value) {
  if (value == "auto") throw ArgumentError(option + " auto is not available; give a number of seconds");
  o.every = cli::seconds_of(option, value);
}

// A table of Cairn's own options.
struct OwnOption {
  std::string name;
  std::string value;  // what --help calls it
  std::string help;   // none: only ompi-restart uses it
  std::function<void(MpirunOptions&, const std::string& option, const std::string& value)> set;
};

std::vector<OwnOption> list_own_options() {
  using O = MpirunOptions;
  using Text = const std::string&;
  std::vector<OwnOption> all = {
      {"--cr-dir", "DIR", "where snapshots are put (the current directory); all nodes must see it",
       [](O& o, Text, Text v) { o.directory = v; }},
      {"--cr-every", "SEC", "take a checkpoint every SEC seconds", set_every},
      {"--cr-keep", "N", "keep the newest N snapshots, remove older ones",
       [](O& o, Text n, Text v) { o.keep = cli::number_of<std::uint64_t>(n, v, 1); }},
      {"--cr-on-signal", "SIGNAL[:term]",
       "take a checkpoint when mpirun gets this signal (USR1, USR2, TERM, HUP or XCPU); :term ends the job after it; "
       "may be repeated",
       set_signal},
      {"--cairn-restart", "DIR", "", [](O& o, Text, Text v) { o.restart = v; }},
      {"--cairn-program", "NAME", "", [](O& o, Text, Text v) { o.program = v; }},
  };
  for (const auto& [name, option] : cli::job_options(job_parameters())) {
    all.push_back({"--" + option.spelling, option.value, option.help,
                   [name = name](O& o, Text n, Text v) { cli::set_parameter(o.parameters, name, n, v); }});
  }
  return all;
}

const std::vector<OwnOption>& own_options() {
  static const std::vector<OwnOption> all = list_own_options();
  return all;
}

// The option that this word is, alone or as NAME=VALUE; or nullptr.
const OwnOption* own_option(const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const auto it =
      std::find_if(own_options().begin(), own_options().end(), [&](const OwnOption& o) { return o.name == name; });
  return it == own_options().end() ? nullptr : &*it;
}

}  // namespace

std::size_t words_behind(const std::string& option) {
  if (const OwnOption* own = own_option(option); own != nullptr) return own->name == option ? 1 : 0;
  return argument_count(option);
}

namespace {

// Index of the first program's name; or the number of arguments.
std::size_t first_program(const std::vector<std::string>& a) {
  std::size_t i = 0;
  while (i < a.size() && a[i].size() > 1 && a[i][0] == '-') {
    if (a[i] == kWithCr) {
      ++i;
    } else {
      i += 1 + words_behind(a[i]);
    }
  }
  return std::min(i, a.size());
}

}  // namespace

MpirunOptions parse_mpirun(const std::vector<std::string>& arguments) {
  MpirunOptions options;
  const std::size_t program = first_program(arguments);
  const auto begin = arguments.begin(), end = begin + static_cast<std::ptrdiff_t>(program);
  options.with_cr = std::find(begin, end, kWithCr) != end;
  if (!options.with_cr) {
    options.arguments = arguments;
    return options;
  }
  for (std::size_t i = 0; i < program; ++i) {
    const std::string& word = arguments[i];
    if (word == kWithCr) continue;
    if (const OwnOption* own = own_option(word); own != nullptr) {
      const bool joined = own->name != word;
      if (!joined && i + 1 >= arguments.size()) throw ArgumentError(own->name + " wants a value");
      if (!own->help.empty()) {
        options.own_arguments.push_back(word);
        if (!joined) options.own_arguments.push_back(arguments[i + 1]);
      }
      own->set(options, own->name, joined ? word.substr(own->name.size() + 1) : arguments[++i]);
      continue;
    }
    if (word.starts_with("--cr-"))
      throw ArgumentError("mpirun does not know the option " + word.substr(0, word.find('=')));
    options.help |= word == "--help" || word == "-h";
    options.arguments.push_back(word);
    for (std::size_t n = argument_count(word); n > 0 && i + 1 < program; --n)
      options.arguments.push_back(arguments[++i]);
  }
  // Restarted application contexts have no programs.
  if (end != arguments.end() && *end != ":") options.program = *end;
  options.arguments.insert(options.arguments.end(), end, arguments.end());
  return options;
}

std::string mpirun_help() {
  std::vector<cli::Option> shown{{"with-cr", "", "make the job one that can be checkpointed"}};
  for (const OwnOption& own : own_options()) {
    if (!own.help.empty()) shown.push_back({own.name.substr(2), own.value, own.help});
  }
  return "Usage: mpirun --with-cr [OPTION ...] PROGRAM [ARGUMENT ...]\n"
         "Runs an MPI job that can be checkpointed by ompi-checkpoint.\n" +
         cli::help_of({{"Cairn's options", shown}}) +
         "\nAll options of Open MPI's mpirun can be used beside them: mpirun --help\n";
}

}  // namespace cairn::launcher
