// SPDX-License-Identifier: Apache-2.0
// A guest thread inside a blocking call of the real library. The callback thread must keep out of the library then;
// what this rank still has to do for others (duties(), door.hpp), who may need it to come to this very call, is done by
// the thread itself: the library's progress loop calls us back. Guest thread pointer.
#pragma once

namespace cairn::crcp {

// The lock is held, and given up: the thread is inside from here on. Enters the library.
void go_inside() noexcept;

// The call has returned; the lock is not held. Enters the library.
void come_outside() noexcept;

// With the lock held, of a thread that goes on with its program and leaves something to be done: other threads that are
// inside already do it. Enters the library.
void listen_for_others() noexcept;

// The library is a new one, which calls nobody.
void forget_listening() noexcept;

}  // namespace cairn::crcp
