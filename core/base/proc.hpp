// SPDX-License-Identifier: Apache-2.0
// Reading (and a little writing) /proc. Each file is read whole before any of it is used: reading may change what is
// read (the memory map above all). Ordinary code, any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// The whole file; nothing if it cannot be read.
std::optional<std::string> read_file(const std::string& path);
// The same; throws EnvironmentError.
std::string read_file_or_throw(const std::string& path);
// Writes a file that exists. False, with errno, if that is not permitted or there is none.
bool write_file(const std::string& path, std::string_view text) noexcept;
// Target of a symbolic link; empty if it cannot be read.
std::string read_link(const std::string& path);

// Names in a directory, without "." and ".."; empty if it cannot be read.
std::vector<std::string> directory_entries(const std::string& path);
// Those of them that may be names of the inode: a file system over others (overlayfs) may show other numbers here.
std::vector<std::string> entries_of_inode(const std::string& path, std::uint64_t inode);

// Lines without their newline. The views live as long as `text`.
std::vector<std::string_view> split_lines(std::string_view text);
// Without blanks and newlines at the end.
std::string trimmed(std::string text);
// Words between blanks and tabs.
std::vector<std::string_view> split_words(std::string_view line);
// Of a file of "Name:<blanks>value" lines: the value, empty if there is no such line.
std::string_view field(std::string_view text, std::string_view name);
// Numbers; 0 where there is none.
std::uint64_t to_number(std::string_view text, int base = 10);
// A device as a line of /proc/PID/maps shows it, "fe:00".
std::uint64_t shown_device(std::string_view shown);

// "process 4711 (solver)"; without the program's name if there is no such process.
std::string name_of_process(pid_t pid);
// Of a process's or thread's status; nothing if it is not shown.
std::optional<uid_t> effective_user(std::string_view status);

// There is no such process, or it has ended and nobody has waited for it.
bool has_ended(pid_t pid);

// The children of a process ("self", "4711"), also ended ones that nobody has waited for. A child belongs to the thread
// that made it, and to any other once that has ended.
std::vector<std::string> children_of(const std::string& process);

// /proc/self/stat after the parenthesised name; index 0 is field 3 (state) of proc(5).
std::vector<std::string> stat_fields(const std::string& path);

}  // namespace cairn
