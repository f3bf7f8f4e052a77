// SPDX-License-Identifier: Apache-2.0
// The two halves of cr_info: what this machine offers, and what is in a context file. Ordinary code; they print on
// stdout and throw cairn::Error.
#pragma once

#include <string>

#include "core/context/format.h"

namespace cairn::cli {

struct FileInfoOptions {
  bool areas = false;    // list every area
  bool objects = false;  // list every stored file
  bool verify = false;   // check all payload and stored files too
  unsigned threads = 2;  // for verifying
};

// "  name   value"; what a file says is made harmless for a terminal.
void print_row(const char* name, const std::string& value);
std::string cpu_text(const cairn_ctx_header& header);

void print_machine_info();
void print_file_info(const std::string& path, const FileInfoOptions& options);

}  // namespace cairn::cli
