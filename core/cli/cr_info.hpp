// SPDX-License-Identifier: Apache-2.0
// The parts of cr_info: what this machine offers, what is in a context file, what in a group's directory. Ordinary
// code; they print on stdout and throw cairn::Error.
#pragma once

#include <string>

#include "core/context/format.h"
#include "core/context/reader.hpp"
#include "core/context/verified_copies.hpp"

namespace cairn::cli {

struct FileInfoOptions {
  bool areas = false;    // list every area
  bool objects = false;  // list every stored file
  bool ipc = false;      // list System V objects, message queues, locks
  bool verify = false;   // check all payload and stored files too
  unsigned threads = 2;  // for verifying
};

// "  name   value"; what a file says is made harmless for a terminal.
void print_row(const char* name, const std::string& value);
std::string cpu_text(const cairn_ctx_header& header);

void print_machine_info();
void print_file_info(const std::string& path, const FileInfoOptions& options);
void print_file_info(const context::Reader& reader, const FileInfoOptions& options, context::VerifiedCopies& copies);
void print_ipc(const context::Reader& reader);
// Who is in the group, and then what is in the file of each.
void print_group_info(const std::string& directory, const FileInfoOptions& options);

}  // namespace cairn::cli
