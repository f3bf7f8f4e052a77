// SPDX-License-Identifier: Apache-2.0
// Sources: capabilities(7), credentials(7), prctl(2).
#include "core/state/credentials/change.hpp"

#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/raw_syscall.hpp"
#include "core/state/credentials/of_thread.hpp"

namespace cairn::state {
namespace {

constexpr int kCapabilities = 64;
constexpr std::uint32_t kKeepCapabilities = 1U << SECURE_KEEP_CAPS;

constexpr const char* kIdentity = "its users and groups";
constexpr const char* kCapabilitySets = "its capabilities";

bool make_calls(const std::vector<OwnCall>& calls) {
  return std::all_of(calls.begin(), calls.end(), [](const OwnCall& call) {
    const auto& a = call.arguments;
    return !is_error(raw_syscall(call.number, a[0], a[1], a[2], a[3], a[4], a[5])) || !call.required;
  });
}

}  // namespace

// Rights to change the rest are needed until the end: everything that is permitted is in effect meanwhile.
CredentialChange::CredentialChange(const Credentials& from, const Credentials& to) : from_(from), to_(to) {
  const bool identity = !same_identity(from, to);
  if (identity || !same_capabilities(from, to)) {
    const std::uint64_t inheritable = from.inheritable | to.inheritable;
    add_sets(from.permitted, from.permitted, inheritable);
    change_bounding();
    if (identity) change_groups();
    if (from.users != to.users) change_users();
    add_sets(from.permitted, from.permitted, to.inheritable);
    if (from.users != to.users && to.users[3] != to.users[1]) add(kIdentity, SYS_setfsuid, {to.users[3]});
    change_ambient();
    change_securebits();
    add_sets(to.effective, to.permitted, to.inheritable);
  }
  if (to.no_new_privileges && !from.no_new_privileges)
    add("its no_new_privs", SYS_prctl, {PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0});
}

void CredentialChange::add(const char* what, long number, std::array<long, 6> arguments, bool required) {
  calls_.push_back({what, number, arguments, required});
}

void CredentialChange::add_sets(std::uint64_t effective, std::uint64_t permitted, std::uint64_t inheritable) {
  Sets& sets = sets_.emplace_back();
  for (int half = 0; half < 2; ++half) {
    const auto part = [half](std::uint64_t set) { return static_cast<std::uint32_t>(set >> (32 * half)); };
    sets.halves[half] = {part(effective), part(permitted), part(inheritable)};
  }
  add(kCapabilitySets, SYS_capset, {address(&header_), address(sets.halves)});
}

void CredentialChange::change_bounding() {
  for (int capability = 0; capability < kCapabilities; ++capability) {
    if (((from_.bounding & ~to_.bounding) >> capability & 1) != 0)
      add(kCapabilitySets, SYS_prctl, {PR_CAPBSET_DROP, capability, 0, 0, 0});
  }
}

void CredentialChange::change_groups() {
  if (from_.supplementary != to_.supplementary) {
    add(kIdentity, SYS_setgroups, {static_cast<long>(to_.supplementary.size()), address(to_.supplementary.data())});
  }
  if (from_.groups == to_.groups) return;
  add(kIdentity, SYS_setresgid, {to_.groups[0], to_.groups[1], to_.groups[2]});
  if (to_.groups[3] != to_.groups[1]) add(kIdentity, SYS_setfsgid, {to_.groups[3]});
}

// Leaving user 0 takes away what is permitted, unless that is kept.
void CredentialChange::change_users() {
  add(kCapabilitySets, SYS_prctl, {PR_SET_KEEPCAPS, 1, 0, 0, 0}, false);
  add(kIdentity, SYS_setresuid, {to_.users[0], to_.users[1], to_.users[2]});
}

void CredentialChange::change_ambient() {
  add(kCapabilitySets, SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0}, to_.ambient != 0);
  for (int capability = 0; capability < kCapabilities; ++capability) {
    if ((to_.ambient >> capability & 1) != 0)
      add(kCapabilitySets, SYS_prctl, {PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0});
  }
}

// All of them need CAP_SETPCAP; the one that says whether capabilities are kept has a call of its own.
void CredentialChange::change_securebits() {
  const std::uint32_t wanted = to_.securebits_known ? to_.securebits : from_.securebits;
  if (!from_.securebits_known) return;
  if (((wanted ^ from_.securebits) & ~kKeepCapabilities) != 0) {
    add("its securebits", SYS_prctl, {PR_SET_SECUREBITS, wanted, 0, 0, 0});
  } else if (wanted != from_.securebits || from_.users != to_.users) {
    add("its securebits", SYS_prctl, {PR_SET_KEEPCAPS, (wanted & kKeepCapabilities) != 0 ? 1 : 0, 0, 0, 0},
        wanted != from_.securebits);
  }
}

bool CredentialChange::would_succeed() const {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    bool right = make_calls(calls_);
    if (right) {
      const Credentials now = own_credentials();
      right = same_identity(now, to_) && same_capabilities(now, to_) && now.no_new_privileges == to_.no_new_privileges;
    }
    _exit(right ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace cairn::state
