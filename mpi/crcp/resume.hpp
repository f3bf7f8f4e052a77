// SPDX-License-Identifier: Apache-2.0
// Back from a cut, with the lock held by the agent.
#pragma once

namespace cairn::crcp {

// The job goes on with the library it had.
void resume_same_library() noexcept;
// A restart: binds the new library, rebuilds every object, re-posts what was taken back. Ends the process, by name, if
// that fails.
void resume_new_library() noexcept;

}  // namespace cairn::crcp
