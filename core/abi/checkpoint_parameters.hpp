// SPDX-License-Identifier: Apache-2.0
// What a person can ask of a checkpoint. The same struct goes from the command through the control socket, the
// coordinator's link and the log of requests to whoever takes the checkpoint; the manifest keeps what is `recorded`.
//
// Plain data of fixed size: libcr uses it, which has no C++ runtime library. A new parameter is a member and its line
// in fields(); everybody else walks those.
#pragma once

#include <cstdint>

#include "core/base/fixed_text.hpp"

namespace cairn {

// Whether the memory is written by a forked process while the program goes on.
enum class ForkMode : std::uint16_t { automatic, yes, no };
struct ForkModeNames {
  const char* names[3];
};
constexpr ForkModeNames names_of(ForkMode) { return {{"auto", "yes", "no"}}; }

// An option of cr_checkpoint that sets a parameter.
struct ParameterOption {
  const char* spelling = nullptr;  // as boost::program_options wants it: "time,t"
  const char* help = nullptr;
  const char* operand = nullptr;  // what stands for its operand in the help; null: it has none, and means `value`
  const char* value = nullptr;
};

// What a parameter is beside its value.
struct Parameter {
  const char* name;                // in records and in the manifest
  ParameterOption options[2];      // of cr_checkpoint; the second contradicts the first
  const char* choices = nullptr;   // "auto|user|kmod": the texts that there are; null: any
  const char* job_help = nullptr;  // of mpirun's option --cr-<name>; null: mpirun has none
  bool recorded = false;           // an attribute of the sequence in the manifest
};

struct CheckpointParameters {
  FixedText<16> engine = "auto";
  FixedText<16> compress = "none";
  ForkMode fork = ForkMode::automatic;
  // With others than what is saved. It lies where the libcr in older images has zero.
  bool reset_connections = false;
  std::uint8_t unused = 0;
  bool by_reference = false;  // executables and libraries: path and identity only
  bool sync = true;           // the file has reached the disk when the checkpoint is done
  bool save_files = false;    // with the contents of files that the program may write to
  bool drop_input = false;    // even if standard input has what the program has not read, which a restart has not
  double timeout = 0;         // seconds, for all that comes before the memory is written; 0: as whoever is asked likes

  // Hands each member, with its description, to `a`.
  template <class A>
  void fields(A& a) {
    a(Parameter{.name = "engine",
                .options = {{"engine", "user, kmod or auto (default)", "NAME"}, {}},
                .choices = "auto|user|kmod",
                .job_help = "how memory is saved",
                .recorded = true},
      engine);
    a(Parameter{.name = "compress",
                .options = {{"compress", "lz4, zstd or none (default)", "KIND"}, {}},
                .choices = "none|lz4|zstd",
                .job_help = "how memory is compressed",
                .recorded = true},
      compress);
    a(Parameter{.name = "fork",
                .options = {{"fork", "let the process go on while its memory is being written", nullptr, "yes"},
                            {"no-fork", "write while it stands", nullptr, "no"}},
                .choices = "auto|yes|no",
                .job_help = "let the program go on while its memory is being written"},
      fork);
    a(Parameter{.name = "by_reference",
                .options = {{"save-none", "refer to executable and libraries by path", nullptr, "1"}, {}}},
      by_reference);
    a(Parameter{.name = "sync",
                .options = {{"sync", "return when the file is on the disk (default)", nullptr, "1"},
                            {"nosync", "do not wait for the disk", nullptr, "0"}}},
      sync);
    a(Parameter{.name = "save_files",
                .options = {{"save-files",
                             "also save the contents of files that the program may write to: a restart puts "
                             "them back",
                             nullptr, "1"},
                            {}},
                .choices = "0|1",
                .job_help = "also save the contents of files that the ranks may write to"},
      save_files);
    a(Parameter{.name = "drop_input",
                .options = {{"drop-input",
                             "save it also when standard input has what the program has not read: a restart "
                             "goes on without that",
                             nullptr, "1"},
                            {}}},
      drop_input);
    a(Parameter{.name = "reset_connections",
                .options = {{"reset-connections",
                             "also save network connections with others than what is saved: a restart has them reset",
                             nullptr, "1"},
                            {}},
                .choices = "0|1",
                .job_help = "also save the ranks' own network connections: a restart has them reset"},
      reset_connections);
    a(Parameter{.name = "timeout",
                .options = {{"time,t", "give up if the process does not stop within SEC seconds", "SEC"}, {}},
                .job_help = "seconds until a checkpoint is given up"},
      timeout);
  }
};

}  // namespace cairn
