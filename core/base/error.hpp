// SPDX-License-Identifier: Apache-2.0
// The errors of ordinary code. The message is fit for a user: what, which, why, what to do.
#pragma once

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>

#include "core/base/exit_codes.h"

namespace cairn {

// A number() of an Error: it is about another process than the one that was asked, which may end before that.
inline constexpr int error_of_other = ECHILD;

class Error : public std::runtime_error {
 public:
  // `code` is one of exit_codes.h. `number`: an errno that says more, or 0.
  Error(int code, const std::string& message, int number = 0)
      : std::runtime_error(message), code_(code), number_(number) {}
  int code() const noexcept { return code_; }
  int number() const noexcept { return number_; }

 private:
  int code_, number_;
};

// "what: No space left on device", and the number.
class SystemText {
 public:
  SystemText(const std::string& what, int error);
  operator const std::string&() const noexcept { return text_; }
  friend std::string operator+(const std::string& before, const SystemText& text) { return before + text.text_; }
  friend std::string operator+(const SystemText& text, const std::string& after) { return text.text_ + after; }
  int error() const noexcept { return error_; }

 private:
  std::string text_;
  int error_;
};
SystemText with_errno(const std::string& what, int error);

// The exit code of a call that failed so: temporary where something is short that others give back (processes, memory,
// descriptors), or that came too late; else environment.
int code_of_errno(int error) noexcept;
// The exit code of any exception: an Error's own; a shortage is temporary.
int code_of(const std::exception& error) noexcept;

class TemporaryError : public Error {
 public:
  explicit TemporaryError(const std::string& m) : Error(CAIRN_EXIT_TEMPORARY, m) {}
};
class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(const std::string& m) : Error(CAIRN_EXIT_ENVIRONMENT, m) {}
  // Its code is that of the number.
  explicit EnvironmentError(const SystemText& m) : Error(code_of_errno(m.error()), m) {}
};
class PermanentError : public Error {
 public:
  explicit PermanentError(const std::string& m) : Error(CAIRN_EXIT_PERMANENT, m) {}
};
class ArgumentError : public Error {
 public:
  explicit ArgumentError(const std::string& m) : Error(CAIRN_EXIT_ARGUMENTS, m) {}
};

}  // namespace cairn
