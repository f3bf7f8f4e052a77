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

// "NAME=VALUE" sets, "NAME" and "NAME*" remove; "!NAME" and "!NAME*" except from that.
struct Change {
  const char* text;
  std::size_t name;

  explicit Change(const char* t) : text(t), name(name_length(t)) {}
  bool sets() const { return text[name] == '='; }
  bool is_family() const { return !sets() && name > 0 && text[name - 1] == '*'; }
  bool is_about(const char* entry) const {
    const std::size_t n = name_length(entry);
    return is_family() ? n >= name - 1 && same(entry, text, name - 1) : n == name && same(entry, text, name);
  }
};

// What one restart has replaced, and the names of what the program had removed before it.
struct Former {
  Former* next;
  Texts entries, removed;
};

Texts first_environment, current_changes;
char* const* first_array = nullptr;
Former* former = nullptr;

const char* entry_named(const Texts& texts, const char* name) {
  for (const char* text : texts) {
    if (Change(text).sets() && same_name(text, name)) return text;
  }
  return nullptr;
}

bool is_in_environment(const char* name) {
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    if (same_name(*e, name)) return true;
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
  return first_environment.has(entry) || given_before.has(entry) || was_replaced(entry);
}

// Has the program been given a variable of this name, by its start or the last restart?
bool was_given(const char* name, const Texts& given_before) {
  if (entry_named(given_before, name) != nullptr) return true;
  for (const char* text : given_before) {
    if (Change(text).is_about(name)) return false;  // that restart has removed it
  }
  return entry_named(first_environment, name) != nullptr;
}

bool was_removed(const char* name, const Texts& given_before) {
  if (is_in_environment(name)) return false;
  for (const Former* one = former; one != nullptr; one = one->next) {
    for (const char* removed : one->removed) {
      if (same_name(removed, name)) return true;
    }
  }
  return was_given(name, given_before);
}

bool is_excepted(const char* entry) {
  for (const char* text : current_changes) {
    if (*text == '!' && Change(text + 1).is_about(entry)) return true;
  }
  return false;
}

// What is to be what it is, stays.
bool is_to_go(const char* entry, const Texts& given_before) {
  if (current_changes.has(entry) || is_excepted(entry)) return false;
  for (char* text : current_changes) {
    if (Change(text).is_about(entry)) return is_inherited(entry, given_before);
  }
  return false;
}

// One that is there still has been chosen by the program, and so has that one be missing which it has removed.
bool is_to_come(const char* text, const Texts& given_before) {
  if (!Change(text).sets() || was_removed(text, given_before)) return false;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    if (same_name(*e, text) && !is_to_go(*e, given_before)) return false;
  }
  return true;
}

bool is_about_any_change(const char* entry) {
  for (const char* text : current_changes) {
    if (Change(text).is_about(entry)) return true;
  }
  return false;
}

// Each of what the program has removed and this restart is about: the next one's texts do not tell of it.
template <class Do>
void for_each_removed(const Texts& given_before, const Do& action) {
  const Texts* const known[] = {&first_environment, &given_before};
  for (const Texts* given : known) {
    for (const char* text : *given) {
      if (Change(text).sets() && is_about_any_change(text) && !is_in_environment(text) && was_given(text, given_before))
        action(text);
    }
  }
}

struct Sizes {
  std::size_t entries = 0, come = 0, gone = 0, gone_bytes = 0, removed_bytes = 0;
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
  for_each_removed(given_before, [&](const char* text) { sizes.removed_bytes += length_of(text) + 1; });
  return sizes;
}

void append(Texts& texts, const char* text) {
  for (std::size_t c = 0, n = length_of(text) + 1; c < n; ++c) texts.begin[texts.size++] = text[c];
}

void keep_former(Former& place, char** gone, std::size_t count, const Texts& given_before) {
  place.entries.begin = reinterpret_cast<char*>(&place + 1);
  for (std::size_t i = 0; i < count; ++i) append(place.entries, gone[i]);
  place.removed.begin = place.entries.begin + place.entries.size;
  for_each_removed(given_before, [&](const char* text) { append(place.removed, text); });
  place.next = former;
  former = &place;
}

// What libc has before a block of its allocator's; one that is a mapping says so.
struct Head {
  std::size_t before, size;
};
constexpr std::size_t kIsMapping = 2;

// Memory that free() of the program's libc takes for a block of its own: one that is a mapping. Null if there is none.
void* freeable(std::size_t size) {
  constexpr std::size_t kPage = 4096;
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

// An array that a restart has made, which has room for some more, and what its entries were then.
struct OwnArray {
  char** entries = nullptr;
  char** made = nullptr;
  std::size_t room = 0, count = 0;
};
OwnArray own_array;
constexpr std::size_t kSpare = 64;  // entries

OwnArray make_array(std::size_t count) {
  OwnArray array;
  array.room = count + kSpare;
  array.entries = static_cast<char**>(freeable((array.room + 1) * sizeof(char*)));
  const long made = raw_syscall(SYS_mmap, 0, static_cast<long>(array.room * sizeof(char*)), PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(made)) return {};
  array.made = reinterpret_cast<char**>(made);
  return array;
}

char* note_made(char* entry) {
  if (own_array.count < own_array.room) own_array.made[own_array.count++] = entry;
  return entry;
}

// Of an entry that a restart has made; else 0.
std::size_t room_of(const char* entry) {
  for (std::size_t i = 0; i < own_array.count; ++i) {
    if (own_array.made[i] == entry)
      return (reinterpret_cast<const Head*>(entry - sizeof(Head))->size & ~kIsMapping) - sizeof(Head);
  }
  return 0;
}

// A variable's new text, in the place of its old one if there is room.
char* freeable_instead(char* text, char** gone, std::size_t gone_count) {
  const std::size_t size = length_of(text) + 1;
  for (std::size_t i = 0; i < gone_count; ++i) {
    if (!same_name(gone[i], text) || size > room_of(gone[i])) continue;
    for (std::size_t c = 0; c < size; ++c) gone[i][c] = text[c];
    return gone[i];
  }
  return note_made(freeable_copy(text));
}

void replace_environment(const Sizes& sizes, const Texts& given_before) {
  const std::size_t pointers = (sizes.come + sizes.gone) * sizeof(char*);
  const long area =
      raw_syscall(SYS_mmap, 0, static_cast<long>(pointers + sizeof(Former) + sizes.gone_bytes + sizes.removed_bytes),
                  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool as_it_is = sizes.come + sizes.gone == 0;
  const std::size_t total = sizes.entries - sizes.gone + sizes.come;
  const bool first = environ == first_array && total <= sizes.entries;
  const bool own = environ == own_array.entries && environ != nullptr && total <= own_array.room;
  const bool stays = as_it_is || first || own;
  const OwnArray made = stays ? own_array : make_array(total);
  char** const entries = stays ? environ : made.entries;
  if (is_error(area) || entries == nullptr) return;
  own_array = made;
  char** const coming = reinterpret_cast<char**>(area);
  char** const gone = coming + sizes.come;
  std::size_t coming_count = 0, count = 0, gone_count = 0;
  for (char* text : current_changes) {
    if (is_to_come(text, given_before)) coming[coming_count++] = text;
  }
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    if (is_to_go(*e, given_before)) gone[gone_count++] = *e;
  }
  // Before the array is changed, which may be the one that tells what is missing.
  keep_former(*reinterpret_cast<Former*>(area + static_cast<long>(pointers)), gone, gone_count, given_before);
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) {
    if (!is_to_go(*e, given_before)) entries[count++] = stays ? *e : note_made(freeable_copy(*e));
  }
  for (std::size_t i = 0; i < coming_count; ++i)
    entries[count++] = first ? coming[i] : freeable_instead(coming[i], gone, own ? gone_count : 0);
  entries[count] = nullptr;
  environ = entries;
}

}  // namespace

// A copy: programs that change their title write over what the kernel has put there, and the loader has put some
// elsewhere (GLIBC_TUNABLES).
void note_first_environment(char* const* environment) {
  if (environment == nullptr || *environment == nullptr) return;
  first_array = environment;
  std::size_t size = 0;
  for (char* const* e = environment; *e != nullptr; ++e) size += length_of(*e) + 1;
  const long copy =
      raw_syscall(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(copy)) return;
  first_environment.begin = reinterpret_cast<char*>(copy);
  for (char* const* e = environment; *e != nullptr; ++e) append(first_environment, *e);
}

void apply_revive_environment() {
  char* const changes = reinterpret_cast<char*>(cairn_guest_self.revive_environment);
  const std::size_t size = cairn_guest_self.revive_environment_size;
  if (changes == nullptr || size == 0) return;
  const Texts given_before = current_changes;
  current_changes = {changes, size};
  const Sizes sizes = measure(given_before);
  if (sizes.gone + sizes.come + sizes.removed_bytes != 0) replace_environment(sizes, given_before);
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
