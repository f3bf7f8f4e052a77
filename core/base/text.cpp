// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "core/base/error.hpp"

namespace cairn {

namespace {

struct Character {
  std::size_t length = 1;  // bytes
  std::uint32_t code = 0;
  bool whole = false;  // not a byte that is none in UTF-8
};

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {1, first, true};
  const std::size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() - at < length) return {};
  std::uint32_t code = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  const bool too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool none = (code >= 0xd800 && code < 0xe000) || code > 0x10ffff;
  return too_long || none ? Character{} : Character{length, code, true};
}

// Those of C0 and C1, and what turns the direction of a line or ends it.
bool is_control(const Character& c) {
  return c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0) || c.code == 0x200e || c.code == 0x200f ||
         (c.code >= 0x2028 && c.code <= 0x202e) || (c.code >= 0x2066 && c.code <= 0x2069);
}

bool is_shown(const Character& c) { return c.whole && !is_control(c); }

std::string escaped(const std::string& text, bool lines) {
  std::string safe;
  for (std::size_t i = 0; i < text.size();) {
    const Character c = character_at(text, i);
    const bool as_it_is = is_shown(c) || (lines && (text[i] == '\n' || text[i] == '\t'));
    for (const std::size_t end = i + c.length; i < end; ++i) {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[i])));
      safe += as_it_is ? std::string(1, text[i]) : code;
    }
  }
  return safe;
}

// A word with what is not shown, for bash.
std::string with_codes(const std::string& word) {
  std::string line = "$'";
  for (const char c : word) {
    if (c == '\'' || c == '\\') line += '\\';
    line += c;
  }
  return escaped(line, false) + '\'';
}

bool is_all_shown(const std::string& word) {
  for (std::size_t i = 0; i < word.size();) {
    const Character c = character_at(word, i);
    if (!is_shown(c)) return false;
    i += c.length;
  }
  return true;
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
  if (path.size() <= 3 * kEnd) return printable(path);
  return printable(path.substr(0, kEnd)) + "[...]" + printable(path.substr(path.size() - kEnd));
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
    if (!is_all_shown(word)) {
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
  for (std::size_t i = 0; i < text.size();) {
    const Character c = character_at(text, i);
    if (is_shown(c)) {
      if (c.code == '"' || c.code == '\\') out += '\\';
      out.append(text, i, c.length);
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c.whole ? c.code : 0xfffdU);
      out += code;
    }
    i += c.length;
  }
  return out + '"';
}

}  // namespace cairn
