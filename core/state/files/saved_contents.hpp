// SPDX-License-Identifier: Apache-2.0
// How much of files is in context files (--save-files). Ordinary code, for commands.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/context/reader.hpp"

namespace cairn::state {

class SavedContents {
 public:
  // Once for each context file. Throws PermanentError.
  void look_at(const context::Reader& image);
  // "the contents of 2 files that may be written to (1.5 MiB) are saved"
  std::string text() const;

 private:
  std::map<std::string, std::uint64_t> sizes_;  // by path and content
};

}  // namespace cairn::state
