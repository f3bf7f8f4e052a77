// SPDX-License-Identifier: Apache-2.0
// The engine that has the kernel module do the work.
#pragma once

#include <memory>
#include <string>

#include "core/engine/engine.hpp"

namespace cairn::engine {

// Null if this machine or this build has no kernel module to use; `why` then says so, else what was found.
std::unique_ptr<Engine> make_kmod_engine(std::string& why);

}  // namespace cairn::engine
