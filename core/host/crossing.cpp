// SPDX-License-Identifier: Apache-2.0
#include "core/host/crossing.hpp"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "core/abi/crossing_variable.hpp"
#include "core/host/stand_in.hpp"

namespace cairn::host {

bool crossing_is_asked_for() noexcept {
  const char* word = std::getenv(crossing_variable);
  return word != nullptr && *word != '\0';
}

namespace {

constexpr const char* kAround = ",around=";
constexpr const char* kNames[] = {"full", "light", "check"};  // by CAIRN_CROSSING_...

struct Crossing {
  std::mutex lock;  // of the text
  std::uint32_t now = CAIRN_CROSSING_FULL;
  std::string why;
  bool forbidden = false;
  cairn_table* table = nullptr;

  std::uint32_t allowed() const noexcept { return forbidden ? 0U : now; }  // 0: CAIRN_CROSSING_FULL
  void show() noexcept {
    if (table != nullptr) __atomic_store_n(&table->crossing, allowed(), __ATOMIC_SEQ_CST);
  }
};
Crossing state;

// The number of $CAIRN_CROSSING's name, that of light if it is not set; past the last one if it is unknown.
std::uint32_t number_given() noexcept {
  if (!crossing_is_asked_for()) return CAIRN_CROSSING_LIGHT;
  const char* word = std::getenv(crossing_variable);
  const std::size_t length = std::strcspn(word, ",");
  std::uint32_t i = 0;
  while (i < std::size(kNames) && (length != std::strlen(kNames[i]) || std::strncmp(word, kNames[i], length) != 0)) ++i;
  return i;
}

}  // namespace

std::uint32_t wanted_crossing() noexcept {
  const std::uint32_t given = number_given();
  return given < std::size(kNames) ? given : static_cast<std::uint32_t>(CAIRN_CROSSING_FULL);
}

std::string unknown_crossing() { return number_given() < std::size(kNames) ? "" : std::getenv(crossing_variable); }

const char* masked_entry() noexcept {
  const char* word = std::getenv(crossing_variable);
  const char* at = word == nullptr ? nullptr : std::strstr(word, kAround);
  return at == nullptr ? nullptr : at + std::strlen(kAround);
}

void set_crossing(std::uint32_t crossing, const std::string& why) {
  const std::lock_guard<std::mutex> locked(state.lock);
  state.now = crossing;
  state.why = why;
  state.show();
}

std::string crossing_text() {
  const std::lock_guard<std::mutex> locked(state.lock);
  if (state.forbidden && state.now != CAIRN_CROSSING_FULL) return "full: the program's libcr knows no others";
  return state.why.empty() ? kNames[state.now] : std::string(kNames[state.now]) + ": " + state.why;
}

void forbid_light_crossings() noexcept {
  state.forbidden = true;
  state.show();
}

void show_crossing_in(cairn_table& table) noexcept {
  state.table = &table;
  state.show();
  table.stand_in_begin = stand_in_begin;
  table.stand_in_end = stand_in_end;
}

}  // namespace cairn::host
