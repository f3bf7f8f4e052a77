// SPDX-License-Identifier: Apache-2.0
// clang-tidy 14 reads libstdc++ 12 without std::source_location; this stands in for it (tools.py includes it).
#pragma once
#if defined(__clang__) && defined(__cplusplus) && __clang_major__ < 15
namespace std {
struct source_location {
  static constexpr source_location current() noexcept { return {}; }
  constexpr unsigned line() const noexcept { return 0; }
  constexpr unsigned column() const noexcept { return 0; }
  constexpr const char* file_name() const noexcept { return ""; }
  constexpr const char* function_name() const noexcept { return ""; }
};
}  // namespace std
#endif
