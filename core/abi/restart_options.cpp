// SPDX-License-Identifier: Apache-2.0
#include "core/abi/restart_options.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "core/base/error.hpp"

namespace cairn::restart {
namespace {

struct Escape {
  char plain, written;
};
constexpr std::array<Escape, 3> kEscapes{{{'\\', '\\'}, {'\n', 'n'}, {'\t', 't'}}};

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(), [c](const Escape& e) { return e.plain == c; });
    result += escape == kEscapes.end() ? std::string(1, c) : std::string{'\\', escape->written};
  }
  return result;
}

std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto* escape = kEscapes.end();
    if (text[i] == '\\' && i + 1 < text.size()) {
      escape =
          std::find_if(kEscapes.begin(), kEscapes.end(), [&](const Escape& e) { return e.written == text[i + 1]; });
    }
    if (escape != kEscapes.end()) ++i;
    result += escape == kEscapes.end() ? text[i] : escape->plain;
  }
  return result;
}

// The members that are one word each.
struct Word {
  const char* name;
  std::string Options::*member;
};
constexpr std::array<Word, 6> kWords{{{"grown", &Options::grown},
                                      {"changed", &Options::changed},
                                      {"missing", &Options::missing},
                                      {"stdio", &Options::stdio},
                                      {"foreign", &Options::foreign},
                                      {"speaker", &Options::speaker}}};

// FIRST<tab>SECOND
std::pair<std::string, std::string> pair_of(const std::string& name, const std::string& value) {
  const std::size_t tab = value.find('\t');
  if (tab == std::string::npos) throw ArgumentError(name + " without a second part: " + value);
  return {unescaped(value.substr(0, tab)), unescaped(value.substr(tab + 1))};
}

// The host's dup() moves it up.
int moved_up(const std::string& value) {
  const int low = std::atoi(value.c_str());
  const int high = dup(low);
  if (high < 0) throw EnvironmentError(with_errno("descriptor " + value, errno));
  close(low);
  return high;
}

std::uint64_t to_number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

// False if it is none of these words.
bool take_given(Options& options, const std::string& name, const std::string& value) {
  if (name == "started") {
    options.started = moved_up(value);
  } else if (name == "messages") {
    options.messages = moved_up(value);
  } else if (name == "given") {
    const auto [index, fd] = pair_of(name, value);
    options.given.emplace_back(static_cast<std::uint32_t>(to_number(index)), std::atoi(fd.c_str()));
  } else if (name == "given-memory") {
    const auto [device, rest] = pair_of(name, value);
    const auto [inode, fd] = pair_of(name, rest);
    options.given_memory.push_back({to_number(device), to_number(inode), moved_up(fd)});
  } else if (name == "given-system-v") {
    const auto [kind, rest] = pair_of(name, value);
    const auto [saved, now] = pair_of(name, rest);
    options.given_system_v.push_back(
        {static_cast<std::uint32_t>(to_number(kind)), std::atoi(saved.c_str()), std::atoi(now.c_str())});
  } else if (name == "number") {
    const auto [saved, now] = pair_of(name, value);
    options.numbers.emplace_back(std::atoi(saved.c_str()), std::atoi(now.c_str()));
  } else {
    return false;
  }
  return true;
}

void take_word(Options& options, const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
  if (name == "signal") {
    options.signals.push_back(std::atoi(value.c_str()));
  } else if (take_given(options, name, value)) {
    return;
  } else if (name == "verbose") {
    options.verbose = true;
  } else if (name == "together") {
    options.together = true;
  } else if (name == "new-numbers") {
    options.new_numbers = true;
  } else if (name == "lent") {
    options.lent = to_number(value);
  } else if (name == "keep-numbers") {
    options.keep_numbers = true;
  } else if (name == "relocate") {
    options.relocate.push_back(pair_of(name, value));
  } else if (name == "new-env") {
    options.new_environment.push_back(unescaped(value));
  } else if (name == "saved-env") {
    options.saved_environment.push_back(unescaped(value));
  } else if (name == "put-back") {
    options.put_back.push_back(unescaped(value));
  } else if (name == "length") {
    const auto [path, length] = pair_of(name, value);
    options.lengths.emplace_back(path, to_number(length));
  } else if (const auto* known =
                 std::find_if(kWords.begin(), kWords.end(), [&](const Word& w) { return w.name == name; });
             known != kWords.end()) {
    options.*known->member = value;
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
  if (options.messages >= 0) text += "messages=" + std::to_string(options.messages) + "\n";
  for (const auto& [index, fd] : options.given)
    text += "given=" + std::to_string(index) + "\t" + std::to_string(fd) + "\n";
  for (const auto& memory : options.given_memory) {
    text += "given-memory=" + std::to_string(memory.device) + "\t" + std::to_string(memory.inode) + "\\t" +
            std::to_string(memory.fd) + "\n";
  }
  for (const auto& object : options.given_system_v) {
    text += "given-system-v=" + std::to_string(object.kind) + "\t" + std::to_string(object.saved) + "\\t" +
            std::to_string(object.now) + "\n";
  }
  for (const auto& [saved, now] : options.numbers)
    text += "number=" + std::to_string(saved) + "\t" + std::to_string(now) + "\n";
  if (options.together) text += "together\n";
  if (options.verbose) text += "verbose\n";
  if (options.keep_numbers) text += "keep-numbers\n";
  if (options.lent != 0) text += "lent=" + std::to_string(options.lent) + "\n";
  if (options.new_numbers) text += "new-numbers\n";
  for (const auto& [from, to] : options.relocate) text += "relocate=" + escaped(from) + "\t" + escaped(to) + "\n";
  for (const auto& [path, length] : options.lengths)
    text += "length=" + escaped(path) + "\t" + std::to_string(length) + "\n";
  for (const auto& path : options.put_back) text += "put-back=" + escaped(path) + "\n";
  for (const auto& variable : options.new_environment) text += "new-env=" + escaped(variable) + "\n";
  for (const auto& variable : options.saved_environment) text += "saved-env=" + escaped(variable) + "\n";
  const Options usual;
  for (const Word& word : kWords) {
    if (options.*word.member != usual.*word.member) text += std::string(word.name) + "=" + options.*word.member + "\n";
  }
  return text;
}

std::int32_t number_now(const Options& options, std::int32_t saved) {
  if (!options.together)
    throw EnvironmentError("it refers to process " + std::to_string(saved) +
                           ", which was saved together with it, and is restarted together with it: by the directory "
                           "that both are in");
  const auto known =
      std::find_if(options.numbers.begin(), options.numbers.end(), [=](const auto& n) { return n.first == saved; });
  return known != options.numbers.end() ? known->second : saved;
}

std::string relocated(const Options& options, const std::string& path) {
  for (const auto& [from, to] : options.relocate) {
    if (path == from) return to;
    if (path.starts_with(from) && (from.ends_with('/') || path[from.size()] == '/'))
      return to + path.substr(from.size());
  }
  return path;
}

bool await_others(const Options& options) noexcept {
  if (!options.together || options.started < 0) return true;
  char heard = '\0';
  ssize_t n = write(options.started, &whole, 1);
  while (n == 1 && (n = read(options.started, &heard, 1)) < 0 && errno == EINTR) n = 1;
  return n == 1 && heard == whole;
}

void tell_started(const Options& options, bool changed) noexcept {
  if (options.started >= 0) {
    static_cast<void>(!write(options.started, changed ? &started_with_changes : &started_plainly, 1));
    close(options.started);
  }
  for (int signal : options.signals) kill(getpid(), signal);
}

void tell_failed(const Options& options, int code) noexcept {
  if (options.started < 0 || options.messages < 0 || options.together) return;
  const char byte = static_cast<char>(code);
  static_cast<void>(!write(options.started, &byte, 1));
}

}  // namespace cairn::restart
