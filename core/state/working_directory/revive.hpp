// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/state/kind.hpp"

namespace cairn::state {

void check_working_directory(const Image& image);
std::unique_ptr<Reviver> prepare_working_directory(Restart& restart);

}  // namespace cairn::state
