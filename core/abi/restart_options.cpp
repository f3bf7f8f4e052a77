// SPDX-License-Identifier: Apache-2.0
#include "core/abi/restart_options.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "core/base/error.hpp"

namespace cairn::restart {
namespace {

void take_word(Options& options, const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
  if (name == "signal") {
    options.signals.push_back(std::atoi(value.c_str()));
  } else if (name == "started") {
    const int low = std::atoi(value.c_str());
    options.started = dup(low);  // the host's dup() moves it up
    close(low);
  } else if (name == "verbose") {
    options.verbose = true;
  } else if (name == "keep-numbers") {
    options.keep_numbers = true;
  } else if (name == "relocate") {
    const std::size_t tab = value.find('\t');
    if (tab == std::string::npos) throw ArgumentError("relocation without a new path: " + value);
    options.relocate.emplace_back(value.substr(0, tab), value.substr(tab + 1));
  } else {
    throw ArgumentError(std::string(options_variable) + ": unknown word " + word);
  }
}

}  // namespace

Options take_options() {
  Options options;
  const char* text = std::getenv(options_variable);
  if (text == nullptr) return options;
  std::string rest = text;
  unsetenv(options_variable);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (const std::string word = rest.substr(0, end); !word.empty()) take_word(options, word);
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return options;
}

std::string to_text(const Options& options) {
  std::string text;
  for (int signal : options.signals) text += "signal=" + std::to_string(signal) + "\n";
  if (options.started >= 0) text += "started=" + std::to_string(options.started) + "\n";
  if (options.verbose) text += "verbose\n";
  if (options.keep_numbers) text += "keep-numbers\n";
  for (const auto& [from, to] : options.relocate) text += "relocate=" + from + "\t" + to + "\n";
  return text;
}

std::string relocated(const Options& options, const std::string& path) {
  for (const auto& [from, to] : options.relocate) {
    if (path == from) return to;
    if (path.starts_with(from) && (from.ends_with('/') || path[from.size()] == '/'))
      return to + path.substr(from.size());
  }
  return path;
}

void tell_started(const Options& options) noexcept {
  if (options.started >= 0) {
    static_cast<void>(!write(options.started, "s", 1));
    close(options.started);
  }
  for (int signal : options.signals) kill(getpid(), signal);
}

}  // namespace cairn::restart
