// SPDX-License-Identifier: Apache-2.0
// A file as it is, and as it was. Ordinary code.
#pragma once

#include <string>

#include "core/base/unique_fd.hpp"
#include "core/state/files/state.hpp"

namespace cairn::state {

enum class Change {
  none,
  grown,      // what was there is there still
  unsure,     // as long and the same as far as it is known, but of another time, and not all of it is known
  rewritten,  // the program may write to it, and it has been written since: at least as long, other content
  shorter,
  replaced,  // other content, or no file at all
  missing,
};

struct Comparison {
  Change change = Change::none;
  std::uint64_t size = 0;  // of now
  int error = 0;           // of missing
  // What is at the path instead, if it is no file any more, or no directory: "a FIFO"; else null.
  const char* other_kind = nullptr;
};

// Fills in everything but path, written and standard from what is at the path. `whole`: how many bytes may be read for
// files that are read whole; what is read for this one is taken off. False with errno if there is nothing.
bool take_record(FileRecord& record, std::uint64_t& whole);
// The file at `path` with what it was. `least`: it may be that long without having grown.
Comparison compare(const FileRecord& record, const std::string& path, std::uint64_t least = 0);
// The same for a file whose whole content is known, by its hash (XXH3, hexadecimal): `rewritten` if it is not that any
// more, or cannot be read; `replaced` if it is no file.
Comparison compare_content(const FileRecord& record, const std::string& path, const std::string& hash,
                           std::uint64_t least = 0);
// Is what is there now the beginning of the content that was kept? An empty file is. So is one that another process is
// making again.
bool begins_as_kept(const FileRecord& record, const std::string& path);
UniqueFd open_to_read(const std::string& path);
// Has a checkpoint been written to it? It has its own reason to be longer than it was then, and may be the very one
// that is being read.
bool is_context_file(const std::string& path);
// Has it no content of its own: the kernel makes what is read (/proc, /sys)?
bool is_made_by_kernel(const std::string& path);

}  // namespace cairn::state
