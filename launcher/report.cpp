// SPDX-License-Identifier: Apache-2.0
#include "launcher/report.hpp"

#include <unistd.h>

#include <cstdio>

namespace cairn::launcher {
namespace {

const char* advice(int code) {
  switch (code) {
    case CAIRN_EXIT_ARGUMENTS:
      return "See --help, or the manual page.";
    case CAIRN_EXIT_TEMPORARY:
      return "This may work when asked again.";
    case CAIRN_EXIT_ENVIRONMENT:
      return "Something on this machine stands in the way; repair it and ask again.";
    default:
      return "";
  }
}

}  // namespace

int report_error(const std::string& command, const std::string& what, const Error& error) {
  const std::string rule(72, '-');
  const char* hint = advice(error.code());
  std::fprintf(stderr, "%s\n%s%s%s:\n\n%s\n%s%s%s\n", rule.c_str(), command.c_str(), what.empty() ? "" : " ",
               what.c_str(), error.what(), *hint == '\0' ? "" : "\n", hint, *hint == '\0' ? "" : "\n");
  std::fprintf(stderr, "%s\n", rule.c_str());
  return error.code();
}

std::string size_text(std::uint64_t bytes) {
  static const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 1024 && unit < 5) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

ProgressLine::ProgressLine() : active_(::isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(const std::string& text) {
  if (!active_) return;
  std::fprintf(stderr, "\r\033[K%s", text.c_str());
  shown_ = true;
}

void ProgressLine::clear() {
  if (shown_) std::fputs("\r\033[K", stderr);
  shown_ = false;
}

}  // namespace cairn::launcher
