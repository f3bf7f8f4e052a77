// SPDX-License-Identifier: Apache-2.0
// The errors of ordinary code. The message is fit for a user: what, which, why, what to do.
#pragma once

#include <stdexcept>
#include <string>

#include "core/base/exit_codes.h"

namespace cairn {

class Error : public std::runtime_error {
 public:
  // `code` is one of exit_codes.h.
  Error(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  int code() const noexcept { return code_; }

 private:
  int code_;
};

class TemporaryError : public Error {
 public:
  explicit TemporaryError(const std::string& m) : Error(CAIRN_EXIT_TEMPORARY, m) {}
};
class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(const std::string& m) : Error(CAIRN_EXIT_ENVIRONMENT, m) {}
};
class PermanentError : public Error {
 public:
  explicit PermanentError(const std::string& m) : Error(CAIRN_EXIT_PERMANENT, m) {}
};
class ArgumentError : public Error {
 public:
  explicit ArgumentError(const std::string& m) : Error(CAIRN_EXIT_ARGUMENTS, m) {}
};

// "what: No space left on device"
std::string with_errno(const std::string& what, int error);

}  // namespace cairn
