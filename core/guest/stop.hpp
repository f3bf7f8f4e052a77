// SPDX-License-Identifier: Apache-2.0
// Stopping a guest thread in the frame of the stop signal (core/abi/guest_table.h).
#pragma once

#include <cstdint>

namespace cairn::guest {

void install_stop_handler();      // also in the child of a fork: harmless
void stop_on_alternate_stacks();  // from now on; signal-safe
void ignore_stop_signal();        // as what the process executes next is to find it
void release_slot();              // of the calling thread, at its end
void forget_host_fs();            // of the calling thread, whose host is gone; attach.cpp
void forget_slots();              // of all threads; the caller is the only one left (child of a fork)
void arm_end_of_thread();         // attach.cpp: have the slot and the host half returned at the thread's end

// False in a forked copy that cannot have a host of its own now. Ordinary code, outside of any crossing.
bool come_to_own_host();

// What the stop signal's handler does; `frame` is the ucontext of the signal that asks for it. Either thread pointer.
void stop_in_frame(void* frame);

// One line on standard error, once in a process: the program uses the stop signal itself. Either thread pointer.
void tell_about_stop_signal();

// The checkpoint itself, innermost in a chain of signal-context callbacks: the thread stands until it is released.
// `verdict` is 0 or the CR_E... code with which a callback refused. Returns 0 continue, 1 restart, -CR_E... .
int stand_still(int verdict);

}  // namespace cairn::guest
