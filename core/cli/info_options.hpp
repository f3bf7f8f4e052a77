// SPDX-License-Identifier: Apache-2.0
// The command line of cr_info.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/cli/cr_info.hpp"

namespace cairn::cli {

struct InfoOptions {
  std::vector<std::string> files;  // none: this machine
  FileInfoOptions file;
};

// `words` without the command's name. Nothing if only help or version was wanted, which has been printed. Throws
// ArgumentError.
std::optional<InfoOptions> parse_info(const std::vector<std::string>& words);

}  // namespace cairn::cli
