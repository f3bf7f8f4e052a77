// SPDX-License-Identifier: Apache-2.0
// What the host's libraries have opened with dlopen() and not closed again: only that can be running, beside what this
// program is linked with. Components that were loaded in advance (load_object()) do not count until somebody opens
// them.
#pragma once

#include <vector>

namespace cairn::host {

// As dlopen(), uncounted.
void* load_object(const char* path, int flags) noexcept;

// Handles (struct link_map *) of the objects that are open, each once. Any thread.
std::vector<void*> opened_objects();

// Called after an object that was not open before has been opened, before dlopen() returns; by the opening thread, with
// no lock held. Null: nobody.
void on_opened(void (*function)()) noexcept;

}  // namespace cairn::host
