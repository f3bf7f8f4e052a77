// SPDX-License-Identifier: Apache-2.0
#include "launcher/mpirun_options.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <set>

#include "core/base/error.hpp"

namespace cairn::launcher {
namespace {

// Open MPI 4.1's options that take one argument, without leading dashes; --mca and --gmca take two.
const std::set<std::string>& options_with_argument() {
  static const std::set<std::string> names = {"am",
                                              "app",
                                              "bind-to",
                                              "c",
                                              "np",
                                              "n",
                                              "N",
                                              "cf",
                                              "cartofile",
                                              "cpu-list",
                                              "cpu-set",
                                              "cpus-per-proc",
                                              "cpus-per-rank",
                                              "debugger",
                                              "default-hostfile",
                                              "H",
                                              "host",
                                              "hnp",
                                              "hostfile",
                                              "machinefile",
                                              "launch-agent",
                                              "map-by",
                                              "max-restarts",
                                              "max-vm-size",
                                              "npernode",
                                              "npersocket",
                                              "num-boards",
                                              "ompi-server",
                                              "output-filename",
                                              "path",
                                              "personality",
                                              "ppr",
                                              "prefix",
                                              "preload-files",
                                              "rank-by",
                                              "report-events",
                                              "report-pid",
                                              "report-uri",
                                              "rf",
                                              "rankfile",
                                              "slot-list",
                                              "stdin",
                                              "timeout",
                                              "tune",
                                              "wd",
                                              "wdir",
                                              "x",
                                              "xml-file",
                                              "xterm",
                                              "server-wait-time",
                                              "ras-submit",
                                              "test-suicide"};
  return names;
}

std::size_t argument_count(const std::string& option) {
  const std::string name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  if (name == "mca" || name == "gmca") return 2;
  return options_with_argument().count(name);
}

double seconds_of(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(value > 0))
    throw ArgumentError(option + " wants a number of seconds, not '" + text + "'");
  return value;
}

std::string one_of(const std::string& option, const std::string& text, std::initializer_list<const char*> allowed) {
  std::string list;
  for (const char* a : allowed) {
    if (text == a) return text;
    list += (list.empty() ? "" : ", ") + std::string(a);
  }
  throw ArgumentError(option + " knows " + list + "; not '" + text + "'");
}

int signal_of(const std::string& text) {
  static const std::map<std::string, int> names = {
      {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"HUP", SIGHUP}, {"XCPU", SIGXCPU}};
  const std::string name = text.rfind("SIG", 0) == 0 ? text.substr(3) : text;
  if (const auto it = names.find(name); it != names.end()) return it->second;
  const int number = std::atoi(text.c_str());
  for (const auto& [known, value] : names) {
    if (value == number) return value;
  }
  throw ArgumentError("--cr-on-signal knows USR1, USR2, TERM, HUP and XCPU; not '" + text + "'");
}

using Setter = std::function<void(MpirunOptions&, const std::string& value)>;

void set_signal(MpirunOptions& o, const std::string& value) {
  const std::size_t colon = value.find(':');
  if (colon != std::string::npos && value.substr(colon) != ":term") {
    throw ArgumentError("--cr-on-signal wants SIGNAL or SIGNAL:term, not '" + value + "'");
  }
  o.signal = signal_of(value.substr(0, colon));
  o.signal_term = colon != std::string::npos;
}

void set_every(MpirunOptions& o, const std::string& value) {
  if (value == "auto")
    throw ArgumentError("--cr-every auto is not available in this version: give a number of seconds");
  o.every = seconds_of("--cr-every", value);
}

void set_keep(MpirunOptions& o, const std::string& value) {
  char* end = nullptr;
  o.keep = std::strtoull(value.c_str(), &end, 10);
  if (value.empty() || value[0] == '-' || *end != '\0' || o.keep == 0)
    throw ArgumentError("--cr-keep wants a number from 1, not '" + value + "'");
}

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> all = {
      {"--cr-dir", [](MpirunOptions& o, const std::string& v) { o.directory = v; }},
      {"--cr-engine",
       [](MpirunOptions& o, const std::string& v) {
         o.engine = one_of("--cr-engine", v, {"auto", "user", "kmod"});
       }},
      {"--cr-fork",
       [](MpirunOptions& o, const std::string& v) {
         o.fork = one_of("--cr-fork", v, {"auto", "yes", "no"});
       }},
      {"--cr-compress",
       [](MpirunOptions& o, const std::string& v) {
         o.compress = one_of("--cr-compress", v, {"none", "lz4", "zstd"});
       }},
      {"--cr-keep", set_keep},
      {"--cr-every", set_every},
      {"--cr-timeout", [](MpirunOptions& o, const std::string& v) { o.timeout = seconds_of("--cr-timeout", v); }},
      {"--cr-on-signal", set_signal},
      {"--cairn-restart", [](MpirunOptions& o, const std::string& v) { o.restart = v; }},
  };
  return all;
}

// Index of the first program's name; or the number of arguments.
std::size_t first_program(const std::vector<std::string>& a) {
  std::size_t i = 0;
  while (i < a.size() && a[i].size() > 1 && a[i][0] == '-') {
    if (a[i] == "--with-cr") {
      ++i;
    } else if (const auto own = a[i].substr(0, a[i].find('=')); setters().count(own) != 0) {
      i += own == a[i] ? 2 : 1;
    } else {
      i += 1 + argument_count(a[i]);
    }
  }
  return std::min(i, a.size());
}

}  // namespace

MpirunOptions parse_mpirun(const std::vector<std::string>& arguments) {
  MpirunOptions options;
  const std::size_t program = first_program(arguments);
  const auto begin = arguments.begin();
  options.with_cr = std::find(begin, begin + static_cast<std::ptrdiff_t>(program), "--with-cr") !=
                    begin + static_cast<std::ptrdiff_t>(program);
  if (!options.with_cr) {
    options.arguments = arguments;
    return options;
  }
  for (std::size_t i = 0; i < program; ++i) {
    const std::string& word = arguments[i];
    const std::string name = word.substr(0, word.find('='));
    if (word == "--with-cr") continue;
    if (const auto it = setters().find(name); it != setters().end()) {
      const bool joined = name != word;
      if (!joined && i + 1 >= arguments.size()) throw ArgumentError(name + " wants a value");
      it->second(options, joined ? word.substr(name.size() + 1) : arguments[++i]);
      continue;
    }
    if (word.rfind("--cr-", 0) == 0) throw ArgumentError("mpirun does not know the option " + name);
    options.arguments.push_back(word);
    for (std::size_t n = argument_count(word); n > 0 && i + 1 < program; --n)
      options.arguments.push_back(arguments[++i]);
  }
  options.arguments.insert(options.arguments.end(), begin + static_cast<std::ptrdiff_t>(program), arguments.end());
  return options;
}

std::vector<std::string> export_variables(const std::vector<std::string>& arguments,
                                          const std::vector<std::string>& variables) {
  std::string joined;
  for (const std::string& v : variables) joined += ";" + v;
  std::vector<std::string> result = arguments;
  // Open MPI refuses -x beside this parameter.
  for (std::size_t i = 0; i + 2 < result.size(); ++i) {
    if (argument_count(result[i]) == 2 && result[i][0] == '-' && result[i + 1] == "mca_base_env_list") {
      result[i + 2] += joined;
      return result;
    }
  }
  if (const char* list = std::getenv("OMPI_MCA_mca_base_env_list"); list != nullptr && *list != '\0') {
    const std::string extended = list + joined;
    ::setenv("OMPI_MCA_mca_base_env_list", extended.c_str(), 1);
    return result;
  }
  // -x counts for one application context only.
  std::vector<std::string> words;
  const auto add = [&] {
    for (const std::string& v : variables) words.insert(words.end(), {"-x", v});
  };
  add();
  for (const std::string& word : result) {
    words.push_back(word);
    if (word == ":") add();
  }
  return words;
}

}  // namespace cairn::launcher
