// SPDX-License-Identifier: Apache-2.0
// Turns what a Writer was told into the tables of the file, and writes everything that is not payload. Ordinary
// code; errors are cairn::Error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/context/area.hpp"
#include "core/context/format.h"
#include "core/context/output.hpp"
#include "core/context/writer.hpp"

namespace cairn::context {

struct PendingSection {
  std::uint32_t type = 0, version = 0, flags = 0;
  std::vector<std::uint8_t> bytes;
};

struct PendingArea {
  Area area;
  ObjectPlace place;
  bool content = true;
};

struct PendingObject {
  cairn_ctx_object record{};  // but for the strings
  std::string path, location;
};

// AREAS, OBJECTS, CHUNKS, RUNS and STRINGS, in the order the format wants: areas by address, chunks by target and
// address, runs as the chunks use them. PermanentError if areas overlap or pages were written twice.
std::vector<PendingSection> build_tables(const std::vector<PendingArea>& areas,
                                         const std::vector<PendingObject>& objects, std::vector<cairn_ctx_chunk> chunks,
                                         const std::vector<cairn_ctx_run>& runs);

// Sections, index and trailer from Output's end on. Returns the trailer; throws EnvironmentError.
cairn_ctx_trailer write_metadata(Output& output, const std::vector<PendingSection>& sections,
                                 std::uint64_t header_checksum);

// The header page. Throws EnvironmentError.
void write_header(Output& output, cairn_ctx_header& header);

}  // namespace cairn::context
