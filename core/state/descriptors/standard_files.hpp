// SPDX-License-Identifier: Apache-2.0
// What the process was started with at 0, 1 and 2: after a restart the new process's stand for it. Ordinary code.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

// -1, 0 or 1: a total order of open file descriptions, 0 being the same one. Nothing on a kernel without kcmp(2).
std::optional<int> description_order(const OpenFile& a, const OpenFile& b);
// True if both descriptors are one open file description.
bool same_description(const OpenFile& a, const OpenFile& b);
// One of the harmless devices: null, zero, full, random, urandom, tty.
bool is_harmless_device(const struct stat& status);
// Which of 0, 1, 2 stands for this file after a restart, or -1. Where several would do: output first, since a new
// standard input may be readable only.
int standard_of(const OpenFile& file, const std::vector<OpenFile>& files);
// Above 2, the starter had it open at this number.
bool was_open_at_start(const OpenFile& file);
// A regular file, with a path or without one: a restart may choose whether the program goes on with it.
bool goes_on_by_choice(const Description& description);
// At a restart, for such a file that was inherited: does what the new process has at `number` stand for it, or does
// the program go on with the file? `choice` is the option --stdio.
bool takes_new_standard(int number, const std::string& choice);
// Two of 0, 1 and 2 that are saved apart, since the new process may have different ones there, and were one: of the
// same file, at the same place in it, in the same mode (`>FILE 2>&1`).
bool is_same_standard(const Description& a, const Description& b);
// The regular files with which a program goes on at 0, 1 and 2, by these numbers.
std::vector<std::pair<int, UniqueFd>> open_standard_files(const FilesState& files, const restart::Options& options);

}  // namespace cairn::state
