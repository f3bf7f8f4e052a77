// SPDX-License-Identifier: Apache-2.0
// Frozen-world code, but for note_first_environment(): another thread may have been saved while it held the allocator's
// or the environment's lock, so neither is used. The new entries stay in the mapping that revive made for them; the old
// entries are a mapping of their own. All of it is for ever. A program may take an array that is not the one it was
// started with for one that it has allocated, its entries, too (perl frees them at its end): so that one is kept if the
// new entries have room in it, and else all is such that it can be freed.
#include "core/guest/environment.hpp"

#include <sys/mman.h>
#include <unistd.h>

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

bool same_text(const char* a, const char* b) {
  const std::size_t n = length_of(a);
  return n == length_of(b) && same(a, b, n);
}

bool same_name(const char* a, const char* b) {
  const std::size_t n = name_length(a);
  return n == name_length(b) && same(a, b, n);
}

// Texts, one after the other, each with its NUL.
struct Texts {
  char* begin = nullptr;
  std::size_t size = 0;

  struct Iterator {
    char* at;
    char* operator*() const { return at; }
    Iterator& operator++() {
      at += length_of(at) + 1;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at < other.at; }
  };
  bool has(const char* text) const {
    for (char* own : *this) {
      if (same_text(own, text)) return true;
    }
    return false;
  }
  friend Iterator begin(const Texts& texts) { return {texts.begin}; }
  friend Iterator end(const Texts& texts) { return {texts.begin + texts.size}; }
};

// "NAME=VALUE" sets, "NAME" and "NAME*" remove.
struct Change {
  char* text;
  std::size_t name;

  explicit Change(char* t) : text(t), name(name_length(t)) {}
  bool sets() const { return text[name] == '='; }
  bool is_family() const { return !sets() && name > 0 && text[name - 1] == '*'; }
  bool is_about(const char* entry) const {
    const std::size_t n = name_length(entry);
    return is_family() ? n >= name - 1 && same(entry, text, name - 1) : n == name && same(entry, text, name);
  }
};

// What one restart has replaced.
struct Former {
  Former* next;
  Texts entries;
};

Texts first_environment, current_changes;
char* const* first_array = nullptr;
Former* former = nullptr;

bool is_of_family(const char* entry) {
  for (char* text : current_changes) {
    const Change change(text);
    if (change.is_family() && change.is_about(entry)) return true;
  }
  return false;
}

bool was_replaced(const char* entry) {
  for (const Former* one = former; one != nullptr; one = one->next) {
    if (one->entries.has(entry)) return true;
  }
  return false;
}

// Is the entry what the program has been given, not what it has made of it?
bool is_inherited(const char* entry, const Texts& given_before) {
  return is_of_family(entry) || first_environment.has(entry) || given_before.has(entry) || was_replaced(entry);
}

// What is to be what it is, stays.
bool is_to_go(const char* entry, const Texts& given_before) {
  if (current_changes.has(entry)) return false;
  for (char* text : current_changes) {
    if (Change(text).is_about(entry)) return is_inherited(entry, given_before);
  }
  return false;
}

// One that is there still has been chosen by the program.
bool is_to_come(char* text, const Texts& given_before) {
  if (!Change(text).sets()) return false;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    if (same_name(*e, text) && !is_to_go(*e, given_before)) return false;
  }
  return true;
}

struct Sizes {
  std::size_t entries = 0, come = 0, gone = 0, gone_bytes = 0;
};

Sizes measure(const Texts& given_before) {
  Sizes sizes;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    ++sizes.entries;
    if (!is_to_go(*e, given_before)) continue;
    ++sizes.gone;
    sizes.gone_bytes += length_of(*e) + 1;
  }
  for (char* text : current_changes) sizes.come += is_to_come(text, given_before) ? 1 : 0;
  return sizes;
}

void keep_former(Former& place, char** gone, std::size_t count) {
  place.entries.begin = reinterpret_cast<char*>(&place + 1);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0, n = length_of(gone[i]) + 1; c < n; ++c)
      place.entries.begin[place.entries.size++] = gone[i][c];
  }
  place.next = former;
  former = &place;
}

// Memory that free() of the program's libc takes for a block of its own: one that is a mapping. Null if there is none.
void* freeable(std::size_t size) {
  struct Head {
    std::size_t before, size;
  };
  constexpr std::size_t kPage = 4096, kIsMapping = 2;
  const std::size_t whole = (size + sizeof(Head) + kPage - 1) & ~(kPage - 1);
  const long area =
      raw_syscall(SYS_mmap, 0, static_cast<long>(whole), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(area)) return nullptr;
  auto* const head = reinterpret_cast<Head*>(area);
  head->size = whole | kIsMapping;
  return head + 1;
}

char* freeable_copy(char* text) {
  const std::size_t size = length_of(text) + 1;
  auto* const copy = static_cast<char*>(freeable(size));
  for (std::size_t i = 0; copy != nullptr && i < size; ++i) copy[i] = text[i];
  return copy != nullptr ? copy : text;
}

void replace_environment(const Sizes& sizes, const Texts& given_before) {
  const std::size_t pointers = (sizes.come + sizes.gone) * sizeof(char*);
  const long area = raw_syscall(SYS_mmap, 0, static_cast<long>(pointers + sizeof(Former) + sizes.gone_bytes),
                                PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool fits = environ == first_array && sizes.come <= sizes.gone;
  char** const entries =
      fits ? environ : static_cast<char**>(freeable((sizes.entries + sizes.come + 1) * sizeof(char*)));
  if (is_error(area) || entries == nullptr) return;
  char** const coming = reinterpret_cast<char**>(area);
  char** const gone = coming + sizes.come;
  std::size_t coming_count = 0, count = 0, gone_count = 0;
  for (char* text : current_changes) {
    if (is_to_come(text, given_before)) coming[coming_count++] = text;
  }
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    if (is_to_go(*e, given_before)) {
      gone[gone_count++] = *e;
    } else {
      entries[count++] = fits ? *e : freeable_copy(*e);
    }
  }
  for (std::size_t i = 0; i < coming_count; ++i) entries[count++] = fits ? coming[i] : freeable_copy(coming[i]);
  entries[count] = nullptr;
  keep_former(*reinterpret_cast<Former*>(area + static_cast<long>(pointers)), gone, gone_count);
  environ = entries;
}

}  // namespace

void note_first_environment(char* const* environment) {
  if (environment == nullptr || *environment == nullptr) return;
  char *begin = *environment, *end = *environment;
  for (char* const* e = environment; *e != nullptr; ++e) {  // beside one another, as the kernel and the host put them
    if (*e < begin) begin = *e;
    if (*e >= end) end = *e + length_of(*e) + 1;
  }
  first_array = environment;
  first_environment = {begin, static_cast<std::size_t>(end - begin)};
}

void apply_revive_environment() {
  char* const changes = reinterpret_cast<char*>(cairn_guest_self.revive_environment);
  const std::size_t size = cairn_guest_self.revive_environment_size;
  if (changes == nullptr || size == 0) return;
  const Texts given_before = current_changes;
  current_changes = {changes, size};
  const Sizes sizes = measure(given_before);
  if (sizes.gone + sizes.come != 0) replace_environment(sizes, given_before);
  cairn_guest_self.revive_environment = 0;
  cairn_guest_self.revive_environment_size = 0;
}

std::size_t refreshed_environment_size(char* const* environment) {
  if (former == nullptr || environment == nullptr) return 0;
  std::size_t n = 0;
  while (environment[n] != nullptr) ++n;
  return n + 1;
}

char* const* refreshed_environment(char* const* environment, char** room) {
  if (former == nullptr || environment == nullptr) return environment;
  std::size_t count = 0;
  for (; *environment != nullptr; ++environment) {
    char* entry = *environment;
    if (was_replaced(entry)) {
      entry = nullptr;
      for (char* text : current_changes) {
        if (Change(text).sets() && same_name(text, *environment)) entry = text;
      }
    }
    if (entry != nullptr) room[count++] = entry;
  }
  room[count] = nullptr;
  return room;
}

}  // namespace cairn::guest
