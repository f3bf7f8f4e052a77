// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "core/base/error.hpp"

namespace cairn {

namespace {

bool is_control(const std::string& text, std::size_t i) {
  const auto c = static_cast<unsigned char>(text[i]);
  if (c < 0x20 || c == 0x7f) return true;
  // U+0080 to U+009F in UTF-8: the second byte is taken, which leaves no whole character.
  return c >= 0x80 && c < 0xa0 && i > 0 && text[i - 1] == '\xc2';
}

std::string escaped(const std::string& text, bool lines) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_control(text, i) || (lines && (text[i] == '\n' || text[i] == '\t'))) {
      safe += text[i];
      continue;
    }
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[i])));
    safe += code;
  }
  return safe;
}

// A word with control characters, for bash.
std::string with_codes(const std::string& word) {
  std::string line = "$'";
  for (const char c : word) {
    if (c == '\'' || c == '\\') line += '\\';
    line += c;
  }
  return escaped(line, false) + '\'';
}

bool has_control(const std::string& word) {
  for (std::size_t i = 0; i < word.size(); ++i)
    if (is_control(word, i)) return true;
  return false;
}

}  // namespace

std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string human_rate(std::uint64_t bytes, double seconds) {
  return human_size(static_cast<std::uint64_t>(static_cast<double>(bytes) / std::max(seconds, 1e-3))) + "/s";
}

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string shortened(const std::string& path) {
  constexpr std::size_t kEnd = 200;
  if (path.size() <= 3 * kEnd) return path;
  return path.substr(0, kEnd) + "[...]" + path.substr(path.size() - kEnd);
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> shell_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) throw ArgumentError(std::string("a quote is left open in: ") + text);
  if (in_word) words.push_back(word);
  return words;
}

std::string quoted(const std::vector<std::string>& words) {
  static const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      line += word;
      continue;
    }
    if (has_control(word)) {
      line += with_codes(word);
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

std::string percent_encoded(const std::string& text) {
  static const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./@";
  std::string word;
  for (const char c : text) {
    char code[8];
    std::snprintf(code, sizeof code, "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    word += plain.find(c) != std::string::npos ? std::string(1, c) : std::string(code);
  }
  return word;
}

std::string decoded(const std::string& text, char mark, std::size_t digits, int base) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const first = text.data() + i + 1;
    if (text[i] == mark && i + digits < text.size() &&
        std::from_chars(first, first + digits, value, base).ptr == first + digits) {
      plain += static_cast<char>(value);
      i += digits;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string percent_decoded(const std::string& text) { return decoded(text, '%', 2, 16); }

std::string printable(const std::string& text) { return escaped(text, false); }
std::string printable_lines(const std::string& text) { return escaped(text, true); }

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace cairn
