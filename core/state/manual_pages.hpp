// SPDX-License-Identifier: Apache-2.0
// The state of a process as the manual's pages list it, and what becomes of each item: the third table of
// docs/process-state.md. Constants.
#pragma once

#include <span>
#include <string_view>

namespace cairn::state {

enum class Fate {
  saved,      // comes back as it was
  chosen,     // comes back if the program has set it itself; what it was started with follows the new place
  new_place,  // that of the new process, always
  refused,    // a checkpoint is refused by name while it is there
  lost,       // not kept, and nothing tells that it was there
  no_state,   // a question, an act that is done when it returns, or nothing that this processor has
};

struct ManualItem {
  const char* page;
  const char* item;  // words; one with a star at its end stands for all names that begin so
  Fate fate;
  const char* remark;  // may be empty
  // Path below the project's root; may be empty for new_place and no_state, and, with a remark, for lost.
  const char* test;
};

std::span<const ManualItem> manual_items() noexcept;
// Does the table say what becomes of it? `name`: a constant or a field of `page`.
bool is_in_manual(std::string_view page, std::string_view name) noexcept;
const char* fate_text(Fate fate) noexcept;

}  // namespace cairn::state
