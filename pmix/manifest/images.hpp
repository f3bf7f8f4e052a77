// SPDX-License-Identifier: Apache-2.0
// The context files that belong to a rank of a sequence: its own, and those of its children. Ordinary code.
#pragma once

#include <functional>
#include <string>

#include "core/context/reader.hpp"
#include "pmix/manifest/manifest.hpp"

namespace cairn::manifest {

// Called with each, the rank's own first, and what it is of beside the rank: "" or "process 4711 (make)". Throws
// PermanentError if they are not those that the manifest names, and as context::Reader::open().
void for_each_image(const std::string& snapshot, const Rank& rank,
                    const std::function<void(const context::Reader& image, const std::string& process)>& look);

}  // namespace cairn::manifest
