// SPDX-License-Identifier: Apache-2.0
// What programs without MPI want to know of the section that the MPI host adds to an image (CAIRN_CTX_EXTENSION): is it
// of a rank, and which one? The section is a record; its fields are the MPI host's (mpi/host/mpi_extension.cpp).
// Ordinary code.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/base/error.hpp"
#include "core/base/record.hpp"
#include "core/context/format.h"
#include "core/context/reader.hpp"

namespace cairn::context {

// The rank, if MPI was initialised and not finalised. What is no such record says nothing.
inline std::optional<std::uint64_t> rank_of_section(std::span<const std::uint8_t> bytes) {
  try {
    const Record saved = Record::decode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    if (!saved.get_bool("initialized") || saved.get_bool("finalized") || !saved.has("rank")) return std::nullopt;
    return saved.get_u64("rank");
  } catch (const PermanentError&) {
    return std::nullopt;
  }
}

inline std::optional<std::uint64_t> rank_of_image(const Reader& image) {
  const auto section = image.section(CAIRN_CTX_EXTENSION);
  return section ? rank_of_section(section->bytes) : std::nullopt;
}

}  // namespace cairn::context
