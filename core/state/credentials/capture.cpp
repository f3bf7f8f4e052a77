// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "core/base/capability_sets.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/short_hash.hpp"
#include "core/state/credentials/kind.hpp"
#include "core/state/credentials/of_thread.hpp"

namespace cairn::state {
namespace {

// What this process began with, and whether its program has chosen others in an earlier life.
struct Start {
  std::optional<Credentials> credentials;
  bool chose_identity = false, chose_capabilities = false;
  std::vector<std::uint32_t> groups;  // of an earlier life
  std::string word;                   // of the first program's capabilities
};
Start start;
std::uint64_t lent = 0;

struct Told {
  Credentials credentials;
  bool chose_identity = false, chose_capabilities = false;
  std::vector<std::uint32_t> groups;
  template <class Archive>
  void fields(Archive& a) {
    a(credentials, chose_identity, chose_capabilities, groups);
  }
};

// Without the right that is lent for restarts.
std::string word_of(const Credentials& credentials) {
  const Credentials own = without_capabilities(credentials, 1ULL << CAP_CHECKPOINT_RESTORE);
  return short_hash_word(capabilities_text(own));
}

Credentials of(const cairn_thread& slot) {
  Credentials result = read_credentials("/proc/self/task/" + std::to_string(slot.tid));
  result.securebits_known = (slot.settings.told & CAIRN_TOLD_SECUREBITS) != 0;
  if (result.securebits_known) result.securebits = slot.settings.securebits;
  return result;
}

}  // namespace

void begin_credentials(const std::string& handed_on) {
  const std::string now = word_of(own_credentials());
  start.word = handed_on.empty() ? now : handed_on;
  start.chose_capabilities = start.word != now;
}

const std::string& credentials_word() { return start.word; }

void note_start_credentials() {
  if (!start.credentials) start.credentials = without_capabilities(own_credentials(), lent);
}

void note_lent_capabilities(std::uint64_t capabilities) { lent = capabilities; }

std::vector<std::uint8_t> told_start_credentials() {
  Told told{start.credentials.value_or(own_credentials()), start.chose_identity, start.chose_capabilities,
            start.groups};
  return encode(told);
}

void note_start_credentials_as(std::span<const std::uint8_t> bytes) {
  const Told told = decode<Told>(bytes, "credentials at the start");
  start = {told.credentials, told.chose_identity, told.chose_capabilities, told.groups, start.word};
}

void give_back_lent_capabilities() noexcept {
  if (lent == 0) return;
  raw_syscall(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  CapabilitySets sets;
  if (!sets.read()) return;
  sets.remove(lent);
  sets.put_in_force();
}

void note_saved_groups(const std::vector<std::uint32_t>& groups) { start.groups = groups; }

void note_chosen_credentials(bool identity, bool capabilities) {
  start.chose_identity = start.chose_identity || identity;
  start.chose_capabilities = start.chose_capabilities || capabilities;
}

std::vector<std::uint8_t> capture_credentials(Capture& capture) {
  CredentialsState state;
  const Credentials began = start.credentials.value_or(own_credentials());
  for (std::uint32_t i = 0; i < capture.guest.threads_max; ++i) {
    const cairn_thread& slot = capture.guest.threads[i];
    if (slot.state != CAIRN_THREAD_STOPPED) continue;
    ThreadCredentials thread{slot.tid, of(slot)};
    thread.chose_identity = start.chose_identity || !same_identity(thread.credentials, began);
    thread.chose_capabilities = start.chose_capabilities || !same_capabilities(thread.credentials, began);
    if (thread.credentials.unknown_groups && !thread.chose_identity && !start.groups.empty())
      thread.credentials.supplementary = start.groups;
    state.threads.push_back(std::move(thread));
  }
  return encode(state);
}

}  // namespace cairn::state
