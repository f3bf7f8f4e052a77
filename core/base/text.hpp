// SPDX-License-Identifier: Apache-2.0
// Values as text and text as values, as people read and write them. Ordinary code.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

std::string human_size(std::uint64_t bytes);                  // "1.4 GiB"
std::string human_rate(std::uint64_t bytes, double seconds);  // "1.4 GiB/s", of an average
std::string hex(std::uint64_t value);                         // "0x7f00"

// A path as a message shows it: printable, and without its middle if it is too long.
std::string shortened(const std::string& path);
// What follows the last '/'.
std::string base_name(const std::string& path);

// Splits a command line the way a shell does: blanks, '...', "..." and backslashes; no expansion of anything.
// Throws ArgumentError if a quote is left open.
std::vector<std::string> shell_words(const std::string& text);
// The reverse: one line that a shell reads as these words. Control characters, and bytes that are no UTF-8, are in
// $'...', as bash knows it.
std::string quoted(const std::vector<std::string>& words);

// With the bytes that are written as `mark` and that many digits of their number; what is no such code stays.
std::string decoded(const std::string& text, char mark, std::size_t digits, int base);

// One word of letters, digits and a few signs, whatever the bytes are: all others as %20. The reverse leaves alone what
// is no such code.
std::string percent_encoded(const std::string& text);
std::string percent_decoded(const std::string& text);

// What a terminal shows and does not obey: control characters, and bytes that are no UTF-8, as "\\x1b".
// printable_lines() leaves line ends.
std::string printable(const std::string& text);
std::string printable_lines(const std::string& text);

// Quoted and escaped as JSON wants it; a byte that is no UTF-8 is U+FFFD.
std::string json_text(const std::string& text);

// The number that the whole text is, in decimal; nothing if it is none or does not fit.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace cairn
