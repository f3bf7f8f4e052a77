// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <list>

#include "core/base/error.hpp"
#include "core/state/credentials/change.hpp"
#include "core/state/credentials/kind.hpp"
#include "core/state/credentials/of_thread.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {
namespace {

// As they were saved, but what was not the program's own choice is never more than this place has.
Credentials wanted_here(const ThreadCredentials& saved, const Credentials& here, std::uint64_t lent) {
  Credentials wanted = saved.credentials;
  wanted.no_new_privileges = wanted.no_new_privileges || here.no_new_privileges;
  if (saved.chose_capabilities) return wanted;
  for (auto set : {&Credentials::inheritable, &Credentials::permitted, &Credentials::effective, &Credentials::bounding,
                   &Credentials::ambient})
    wanted.*set &= here.*set;
  wanted = without_capabilities(std::move(wanted), lent);
  if (wanted.securebits_known) wanted.securebits |= here.securebits;
  return wanted;
}

Credentials with_identity_of(Credentials credentials, const Credentials& other) {
  credentials.users = other.users;
  credentials.groups = other.groups;
  credentials.supplementary = other.supplementary;
  return credentials;
}

// What needs CAP_SETPCAP to be made less.
Credentials with_limits_of(Credentials credentials, const Credentials& other) {
  credentials.bounding = other.bounding;
  credentials.securebits = other.securebits;
  credentials.securebits_known = other.securebits_known;
  return credentials;
}

class CredentialsReviver : public Reviver {
 public:
  explicit CredentialsReviver(Restart& restart) : restart_(restart), state_(restart.image.get<CredentialsState>()) {}
  void restore(Stage stage) override {
    if (stage == Stage::check) decide();
    if (stage == Stage::last) note_calls();
  }

 private:
  void decide();
  const CredentialChange* change_for(const ThreadCredentials& saved, const Credentials& here);
  const CredentialChange* possible(const Credentials& here, const Credentials& wanted);
  void note_calls();

  Restart& restart_;
  const CredentialsState& state_;
  std::list<CredentialChange> changes_;              // one for each that differs
  std::vector<const CredentialChange*> of_threads_;  // by thread
};

void CredentialsReviver::decide() {
  const Credentials here = own_credentials();
  const std::uint64_t lent = restart_.options.lent;
  note_lent_capabilities(lent);
  if (here.unknown_groups && !state_.threads.empty()) note_saved_groups(state_.threads[0].credentials.supplementary);
  if (state_.threads.empty()) {
    if (lent == 0) return;
    const CredentialChange& change = changes_.emplace_back(here, without_capabilities(here, lent));
    of_threads_.assign(restart_.image.get<ThreadsState>().threads.size(), &change);
  }
  for (std::size_t i = 0; i < state_.threads.size(); ++i) {
    const ThreadCredentials& thread = state_.threads[i];
    note_chosen_credentials(thread.chose_identity, thread.chose_capabilities);
    const bool as_before = i != 0 && thread.credentials == state_.threads[i - 1].credentials &&
                           thread.chose_identity == state_.threads[i - 1].chose_identity &&
                           thread.chose_capabilities == state_.threads[i - 1].chose_capabilities;
    of_threads_.push_back(as_before ? of_threads_.back() : change_for(thread, here));
  }
}

// Null if it cannot be made.
const CredentialChange* CredentialsReviver::possible(const Credentials& here, const Credentials& wanted) {
  const CredentialChange& change = changes_.emplace_back(here, wanted);
  if (change.calls().empty() || change.would_succeed()) return &change;
  changes_.pop_back();
  return nullptr;
}

const CredentialChange* CredentialsReviver::change_for(const ThreadCredentials& saved, const Credentials& here) {
  const std::string name = restart_.image.reader().name() + ": ";
  Credentials wanted = wanted_here(saved, here, restart_.options.lent);
  const CredentialChange* change = possible(here, wanted);
  if (change != nullptr) return change;
  if (!saved.chose_capabilities) change = possible(here, wanted = with_limits_of(wanted, here));
  if (change != nullptr) return change;
  if (saved.chose_identity && !same_identity(wanted, here)) {
    throw EnvironmentError(name + "the program has changed its user or groups (" + identity_text(wanted) +
                           "), and whoever restarts it here may not do so; restart it as root");
  }
  if (!saved.chose_identity) change = possible(here, with_identity_of(wanted, here));
  if (change != nullptr) return change;
  throw EnvironmentError(name + "the program has changed its capabilities (" + capabilities_text(wanted) +
                         "), and whoever restarts it here cannot have just these; restart it as root");
}

void CredentialsReviver::note_calls() {
  const auto& threads = restart_.image.get<ThreadsState>().threads;
  for (std::size_t i = 0; i < of_threads_.size(); ++i) {
    for (const OwnCall& call : of_threads_[i]->calls()) restart_.own_calls.add(threads[i].tid, Turn::rights, call);
  }
}

}  // namespace

void check_credentials(const Image& image) {
  const auto& saved = image.get<CredentialsState>().threads;
  if (saved.empty()) return;
  const auto& threads = image.get<ThreadsState>().threads;
  const auto known = [&](const ThreadState& thread) {
    return std::count_if(saved.begin(), saved.end(), [&](const ThreadCredentials& c) { return c.tid == thread.tid; }) ==
           1;
  };
  if (saved.size() != threads.size() || !std::all_of(threads.begin(), threads.end(), known))
    image.contradiction("its credentials are not those of its threads");
}

std::unique_ptr<Reviver> prepare_credentials(Restart& restart) { return std::make_unique<CredentialsReviver>(restart); }

}  // namespace cairn::state
