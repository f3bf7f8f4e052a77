// SPDX-License-Identifier: Apache-2.0
// Critical sections of the application: a checkpoint waits until no thread is in one.
#pragma once

#include <cstdint>

namespace cairn::guest {

// Frozen-world: a stop signal found its thread in a critical section.
void report_critical_section();

// The callback thread: keeps other threads from entering, and waits until all have left. False if `given_up`
// became true meanwhile.
bool close_critical_gate(bool (*given_up)());
// The same without waiting: false if threads are inside still.
bool try_close_critical_gate();
void open_critical_gate();

// Signal-safe. `wait` false: returns false at once where true would wait for a checkpoint to be over.
bool enter_critical_section(bool wait);
// False if the thread is in none.
bool leave_critical_section();

void reset_critical_sections();  // child of a fork

}  // namespace cairn::guest
