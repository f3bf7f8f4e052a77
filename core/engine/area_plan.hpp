// SPDX-License-Identifier: Apache-2.0
// How each area is saved: which pages are looked at, how they are read, what shows through where nothing is saved.
// Ordinary code: it opens files and registers areas with the writer.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/writer.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/page_scan.hpp"

namespace cairn::engine {

struct AreaPlan {
  ScanTarget scan;
  std::uint32_t index = 0;         // Writer::add_area()
  bool over_object = false;        // zeros hide an object's page and must be recorded
  bool readable = false;           // where it lies (protection keys were refused); else through /proc/self/mem
  bool releasable = false;         // a forked child may drop what it has written
  std::shared_ptr<UniqueFd> file;  // keeps scan.file open
};

// What must not wait for a forked child: it would not see it (DONTFORK), would see zeros (WIPEONFORK), would see it
// changing (shared), or may lose it (hugetlb: when the program writes and there is no page left for a copy).
bool needs_pause(const Area& area);

// Registers the areas. Areas without content (files by reference, devices) get no plan.
std::vector<AreaPlan> plan_areas(context::Writer& writer, std::span<const Area> areas, const DumpRequest& request);

}  // namespace cairn::engine
