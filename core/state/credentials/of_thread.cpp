// SPDX-License-Identifier: Apache-2.0
#include "core/state/credentials/of_thread.hpp"

#include <sys/prctl.h>

#include <algorithm>

#include "core/base/proc.hpp"
#include "core/base/raw_syscall.hpp"
#include "core/base/text.hpp"

namespace cairn::state {
namespace {

std::vector<std::uint32_t> numbers(std::string_view text) {
  std::vector<std::uint32_t> result;
  for (std::string_view word : split_words(text)) result.push_back(static_cast<std::uint32_t>(to_number(word)));
  return result;
}

std::array<std::uint32_t, 4> four(std::string_view text) {
  std::array<std::uint32_t, 4> result{};
  const auto all = numbers(text);
  std::copy_n(all.begin(), std::min(all.size(), result.size()), result.begin());
  return result;
}

std::string numbers_text(const std::array<std::uint32_t, 4>& four) {
  std::string text = std::to_string(four[0]);
  if (std::all_of(four.begin(), four.end(), [&](std::uint32_t n) { return n == four[0]; })) return text;
  for (std::size_t i = 1; i < four.size(); ++i) text += "/" + std::to_string(four[i]);
  return text;
}

// Whether a group may be the one whom the kernel shows for those that are not in the namespace's map (proc(5)).
bool is_unknown(std::uint32_t group) {
  static const std::uint64_t overflow = to_number(trimmed(read_file("/proc/sys/kernel/overflowgid").value_or("65534")));
  if (group != overflow) return false;
  const std::string map = read_file("/proc/self/gid_map").value_or("");
  for (const std::string_view line : split_lines(map)) {
    const std::vector<std::uint32_t> range = numbers(line);  // first inside, first outside, count
    if (range.size() == 3 && range[0] <= group && group - range[0] < range[2]) return false;
  }
  return true;
}

}  // namespace

Credentials read_credentials(const std::string& task) {
  const std::string status = read_file_or_throw(task + "/status");
  const auto capabilities = [&](const char* name) { return to_number(field(status, name), 16); };
  Credentials result;
  result.users = four(field(status, "Uid"));
  result.groups = four(field(status, "Gid"));
  result.supplementary = numbers(field(status, "Groups"));
  result.unknown_groups = std::erase_if(result.supplementary, is_unknown) != 0;
  std::sort(result.supplementary.begin(), result.supplementary.end());
  result.inheritable = capabilities("CapInh");
  result.permitted = capabilities("CapPrm");
  result.effective = capabilities("CapEff");
  result.bounding = capabilities("CapBnd");
  result.ambient = capabilities("CapAmb");
  result.no_new_privileges = to_number(field(status, "NoNewPrivs")) != 0;
  return result;
}

Credentials own_credentials() {
  Credentials result = read_credentials("/proc/thread-self");
  const long securebits = raw_syscall(SYS_prctl, PR_GET_SECUREBITS);
  result.securebits_known = !is_error(securebits);
  if (result.securebits_known) result.securebits = static_cast<std::uint32_t>(securebits);
  return result;
}

bool same_identity(const Credentials& a, const Credentials& b) {
  return a.users == b.users && a.groups == b.groups && a.supplementary == b.supplementary;
}

bool same_capabilities(const Credentials& a, const Credentials& b) {
  const bool same_bits = !a.securebits_known || !b.securebits_known || a.securebits == b.securebits;
  return same_bits && a.inheritable == b.inheritable && a.permitted == b.permitted && a.effective == b.effective &&
         a.bounding == b.bounding && a.ambient == b.ambient;
}

Credentials without_capabilities(Credentials credentials, std::uint64_t capabilities) {
  for (auto set : {&Credentials::inheritable, &Credentials::permitted, &Credentials::effective, &Credentials::ambient})
    credentials.*set &= ~capabilities;
  return credentials;
}

std::string identity_text(const Credentials& c) {
  std::string text = "user " + numbers_text(c.users) + ", group " + numbers_text(c.groups);
  if (c.supplementary.empty()) return text + ", no other groups";
  text += ", other groups";
  for (std::uint32_t group : c.supplementary) text += " " + std::to_string(group);
  return text;
}

std::string capabilities_text(const Credentials& c) {
  return "effective " + hex(c.effective) + ", permitted " + hex(c.permitted) + ", inheritable " + hex(c.inheritable) +
         ", bounding " + hex(c.bounding) + ", ambient " + hex(c.ambient) + ", securebits " + hex(c.securebits);
}

}  // namespace cairn::state
