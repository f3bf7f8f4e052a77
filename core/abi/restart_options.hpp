// SPDX-License-Identifier: Apache-2.0
// What cr_restart asks of the host that it becomes, and libcr of cr_restart, passed in the environment
// (CAIRN_RESTART_OPTIONS, which the guest never sees): words "name=value" separated by newlines, in which
// backslashes, newlines and tabs are written as \\, \n and \t.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cairn::restart {

struct Options {
  std::vector<int> signals;  // to be sent to the process once it runs, in this order
  int started = -1;          // descriptor to write a byte to and close once the program goes on
  // Descriptor for all that is said until the program goes on, and closed then; else that is said on standard error.
  // Who gives one hears at `started` of a failure, too.
  int messages = -1;
  bool verbose = false;
  std::string speaker = "cr_restart";  // with whose name begins what people are told
  bool keep_numbers = false;           // say so if pids and tids could not be kept
  bool new_numbers = false;            // of the tree's processes: not those that they had
  std::uint64_t lent = 0;  // capabilities that the host has been given for the restart, and its program does not get
  bool together = false;   // with others: says `whole` at `started`, if it has one, and goes on when it hears the same
  std::vector<std::pair<std::string, std::string>> relocate;  // path prefixes, old and new
  // What becomes of files that are not what they were (core/state/files); one of the words that cr_restart --help
  // shows.
  std::string grown = "cut", changed = "refuse", missing = "refuse";
  // Names of variables, or beginnings followed by "*": those that are the new process's besides the usual, and those
  // that are not.
  std::vector<std::string> new_environment, saved_environment;
  std::string stdio = "auto";      // which files stand at 0, 1 and 2
  std::string foreign = "refuse";  // images that somebody else may have written: "accept" takes them
  // Of files that other ranks write to as well, or that only others do, by their paths.
  std::vector<std::pair<std::string, std::uint64_t>> lengths;
  std::vector<std::string> put_back;  // files that only others write to, who make them what they were
  // What several processes of a group share, made by whoever starts them, on descriptors of the process, whatever their
  // numbers: open file descriptions, by their index in its file, and memory without a path, by what it was.
  struct GivenMemory {
    std::uint64_t device, inode;
    int fd;
  };
  std::vector<std::pair<std::uint32_t, int>> given;
  std::vector<GivenMemory> given_memory;
  // System V objects of the group: kind, and the kernel's number at the checkpoint and now.
  struct GivenSystemV {
    std::uint32_t kind;
    std::int32_t saved, now;
  };
  std::vector<GivenSystemV> given_system_v;
  // Of the processes of a group, and the process group that its first is in, those whose numbers are others now: as
  // saved, and now.
  std::vector<std::pair<std::int32_t, std::int32_t>> numbers;
};

inline constexpr const char* options_variable = "CAIRN_RESTART_OPTIONS";

// Reads the variable and removes it; moves what the host keeps out of the guest's way, but not `given`, which may be
// too many. Throws ArgumentError.
Options take_options();
// The same text, for the side that sets it.
std::string to_text(const Options& options);
// Of another process of the group, or one of their process groups: its number now. Throws EnvironmentError for a
// process that is restarted alone: another one has that number, or nobody.
std::int32_t number_now(const Options& options, std::int32_t saved);
// `path` as it is here.
std::string relocated(const Options& options, const std::string& path);
// What whoever started the restart is told by one byte.
inline constexpr char whole = 'w';
inline constexpr char started_plainly = 's', started_with_changes = 'c';
// Of several processes: everything is there, and the guest can be let go. False if it is not to go on, since another
// cannot.
bool await_others(const Options& options) noexcept;
// The guest has been let go: tells whoever wants to know, sends the signals. `changed`: the terminal's modes or status
// flags at 0, 1 and 2, which have to be put back at the end.
void tell_started(const Options& options, bool changed) noexcept;
// It will not go on: who has given a descriptor for messages hears the exit code, as a byte.
void tell_failed(const Options& options, int code) noexcept;

}  // namespace cairn::restart
