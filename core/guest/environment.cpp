// SPDX-License-Identifier: Apache-2.0
// The environment of the job that a guest was revived in. Frozen-world code: another thread may have been saved
// while it held the allocator's or the environment's lock, so neither is used. The entries stay in the mapping
// that revive made for them; the new array of pointers is a mapping of its own.
#include "core/guest/environment.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "core/abi/crossing.h"
#include "core/base/raw_syscall.hpp"

namespace cairn::guest {
namespace {

std::size_t length_of(const char* text) {
  std::size_t n = 0;
  while (text[n] != '\0') ++n;
  return n;
}

// How many characters of `entry` are its name.
std::size_t name_length(const char* entry) {
  std::size_t n = 0;
  while (entry[n] != '\0' && entry[n] != '=') ++n;
  return n;
}

bool same(const char* a, const char* b, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

struct Variables {
  char** entries;
  std::size_t count;

  void remove(const char* name, std::size_t length, bool prefix) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t n = name_length(entries[i]);
      const bool hit = (prefix ? n >= length : n == length) && same(entries[i], name, length);
      if (!hit) entries[kept++] = entries[i];
    }
    count = kept;
  }

  void apply(char* change) {
    const std::size_t name = name_length(change);
    if (change[name] == '=') {
      remove(change, name, false);
      entries[count++] = change;
    } else if (name > 0 && change[name - 1] == '*') {
      remove(change, name - 1, true);
    } else {
      remove(change, name, false);
    }
  }
};

}  // namespace

void apply_revive_environment() {
  char* const changes = reinterpret_cast<char*>(cairn_guest_self.revive_environment);
  const std::size_t size = cairn_guest_self.revive_environment_size;
  if (changes == nullptr || size == 0) return;
  std::size_t old_count = 0, added = 0;
  while (environ != nullptr && environ[old_count] != nullptr) ++old_count;
  for (std::size_t at = 0; at < size; at += length_of(changes + at) + 1) ++added;
  const std::size_t bytes = (old_count + added + 1) * sizeof(char*);
  const long area =
      raw_syscall(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (is_error(area)) return;
  Variables variables{reinterpret_cast<char**>(area), old_count};
  for (std::size_t i = 0; i < old_count; ++i) variables.entries[i] = environ[i];
  for (std::size_t at = 0; at < size; at += length_of(changes + at) + 1) variables.apply(changes + at);
  variables.entries[variables.count] = nullptr;
  environ = variables.entries;
  cairn_guest_self.revive_environment = 0;
  cairn_guest_self.revive_environment_size = 0;
}

}  // namespace cairn::guest
