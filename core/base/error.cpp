// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <new>
#include <system_error>

namespace cairn {
namespace {

// A full disk is not among them: it is a person who makes room there.
constexpr int kPassing[] = {EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS, EINTR, EBUSY, ETIMEDOUT, ENOLCK, EUSERS};

}  // namespace

SystemText::SystemText(const std::string& what, int error)
    : text_(what + ": " + std::generic_category().message(error) +
            (error == EFBIG    ? " (or the limit of file sizes, ulimit -f, is lower)"
             : error == EMFILE ? " (the limit of open files, ulimit -n)"
                               : "")),
      error_(error) {}

SystemText with_errno(const std::string& what, int error) { return {what, error}; }

int code_of_errno(int error) noexcept {
  const bool passes = std::find(std::begin(kPassing), std::end(kPassing), error) != std::end(kPassing);
  return passes ? CAIRN_EXIT_TEMPORARY : CAIRN_EXIT_ENVIRONMENT;
}

int code_of(const std::exception& error) noexcept {
  if (const auto* ours = dynamic_cast<const Error*>(&error)) return ours->code();
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return CAIRN_EXIT_TEMPORARY;
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  const bool numbered = system != nullptr && (system->code().category() == std::generic_category() ||
                                              system->code().category() == std::system_category());
  return numbered ? code_of_errno(system->code().value()) : CAIRN_EXIT_PERMANENT;
}

}  // namespace cairn
