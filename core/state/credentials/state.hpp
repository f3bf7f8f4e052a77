// SPDX-License-Identifier: Apache-2.0
// Who a thread is, and what it may: as captured and revived. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace cairn::state {

struct Credentials {
  std::array<std::uint32_t, 4> users{}, groups{};  // real, effective, saved, of the file system
  std::vector<std::uint32_t> supplementary;        // groups, ascending
  std::uint64_t inheritable = 0, permitted = 0, effective = 0, bounding = 0, ambient = 0;  // capabilities
  std::uint32_t securebits = 0;
  bool securebits_known = false;
  bool no_new_privileges = false;
  bool unknown_groups = false;  // there are others that this user namespace does not know; not in files
  bool operator==(const Credentials&) const = default;
  template <class Archive>
  void fields(Archive& a) {
    a(users, groups, supplementary, inheritable, permitted, effective, bounding, ambient, securebits, securebits_known,
      no_new_privileges);
  }
};

struct ThreadCredentials {
  std::int32_t tid = 0;
  Credentials credentials;
  // Not what the process was started with.
  bool chose_identity = false, chose_capabilities = false;
  template <class Archive>
  void fields(Archive& a) {
    a(tid, credentials, chose_identity, chose_capabilities);
  }
};

struct CredentialsState {
  static constexpr const char* section_name = "credentials";
  std::vector<ThreadCredentials> threads;
  template <class Archive>
  void fields(Archive& a) {
    a(threads);
  }
};

}  // namespace cairn::state
