// SPDX-License-Identifier: Apache-2.0
#include "core/cli/report.hpp"

#include <cerrno>
#include <cstdio>

#include "core/base/text.hpp"

namespace cairn::cli {
namespace {

const char* advice(int code) {
  switch (code) {
    case CAIRN_EXIT_ARGUMENTS:
      return "\nSee --help, or the manual page.\n";
    case CAIRN_EXIT_TEMPORARY:
      return "\nThis may work when asked again.\n";
    case CAIRN_EXIT_ENVIRONMENT:
      return "\nSomething on this machine stands in the way; repair it and ask again.\n";
    default:
      return "";
  }
}

}  // namespace

void complain(const std::string& name, const std::string& message) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), printable_lines(message).c_str());
}

int report_error(const std::string& name, Voice voice, const Error& error) {
  if (voice == Voice::line) {
    complain(name, error.what());
  } else {
    const std::string rule(72, '-');
    std::fprintf(stderr, "%s\n%s:\n\n%s\n%s%s\n", rule.c_str(), name.c_str(), printable_lines(error.what()).c_str(),
                 advice(error.code()), rule.c_str());
  }
  return error.code();
}

void print_failure(const std::exception& error) {
  const auto* const detailed = dynamic_cast<const DetailedError*>(&error);
  std::printf("{\"result\":\"failed\",\"code\":%d%s,\"text\":%s}\n", code_of(error),
              detailed == nullptr ? "" : detailed->members().c_str(), json_text(error.what()).c_str());
  std::fflush(stdout);
}

void print_version(const std::string& name) { std::printf("%s (Cairn) %s\n", name.c_str(), CAIRN_VERSION); }

namespace {

// What was printed has arrived.
void check_output() {
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw EnvironmentError(with_errno("cannot write to standard output", errno != 0 ? errno : EIO));
}

}  // namespace

int run_command(const std::string& name, Voice voice, const std::function<int()>& body) {
  try {
    const int code = body();
    if (code == CAIRN_EXIT_OK) check_output();
    return code;
  } catch (const Error& error) {
    return report_error(name, voice, error);
  } catch (const std::exception& error) {
    return report_error(name, voice, Error(code_of(error), error.what()));
  }
}

}  // namespace cairn::cli
