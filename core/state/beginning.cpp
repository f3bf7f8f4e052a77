// SPDX-License-Identifier: Apache-2.0
#include "core/state/beginning.hpp"

#include <sstream>
#include <vector>

#include "core/abi/host_table.h"
#include "core/base/codec.hpp"
#include "core/state/credentials/kind.hpp"
#include "core/state/descriptors/kind.hpp"
#include "core/state/settings/inherited.hpp"
#include "core/state/settings/kind.hpp"
#include "core/state/settings/namespaces.hpp"
#include "core/state/settings/sandbox.hpp"
#include "core/state/signals/start.hpp"
#include "core/state/starter/kind.hpp"

namespace cairn::state {

void begin(const std::string& handed_on, rlim_t stack_limit) {
  std::vector<std::string> parts;
  std::istringstream in(handed_on);
  for (std::string part; std::getline(in, part, '/');) parts.push_back(part);
  parts.resize(7);
  begin_inheritance(parts[0], stack_limit);
  begin_dispositions(parts[1]);
  begin_with_starter(parts[2]);
  begin_namespaces(parts[3]);
  begin_credentials(parts[4]);
  begin_sandbox(parts[5]);
  begin_settings(parts[6]);
}

namespace {

struct Told {
  std::vector<std::uint8_t> files, credentials, settings;
  template <class Archive>
  void fields(Archive& a) {
    a(files, credentials, settings);
  }
};

}  // namespace

std::vector<std::uint8_t> told_start() {
  Told told{told_standard_files(), told_start_credentials(), told_start_settings()};
  return encode(told);
}

void begin_as(std::span<const std::uint8_t> bytes) {
  const Told told = decode<Told>(bytes, "what the host before was started with");
  note_standard_files_as(told.files);
  note_start_credentials_as(told.credentials);
  note_start_settings_as(told.settings);
}

// The last is left out where there is no room for it in the table.
std::string beginning_word() {
  constexpr std::size_t kOption = 24, kRoom = sizeof(cairn_table::host_options) - kOption;
  const std::string word = inheritance_word() + "/" + dispositions_word() + "/" + starter_word() + "/" +
                           namespaces_word() + "/" + credentials_word() + "/" + sandbox_word();
  const std::string settings = "/" + settings_word();
  return word.size() + settings.size() < kRoom ? word + settings : word;
}

}  // namespace cairn::state
