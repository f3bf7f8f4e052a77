// SPDX-License-Identifier: Apache-2.0
// Whether a program can run in a host, and the command that makes it do so. Safe in the child of a vfork and in
// signal handlers: nothing is allocated but on the caller's stack, and no lock is taken.
#pragma once

#include <cstddef>

namespace cairn::guest {

// True if the kernel would run `path` (relative to the working directory) and a host could instead: a dynamically
// linked x86-64 program without special privileges, or a script whose interpreter is one. Everything else,
// errors too, is left to the kernel.
bool can_be_hosted(const char* path);

// The argv that has the host run argv[0] = path, argv[1] ... . Its words live in caller-provided memory.
class HostCommand {
 public:
  // Sizes of the two arrays that build() wants.
  static std::size_t word_count(char* const* argv);
  static std::size_t text_size(const char* path, char* const* argv);

  HostCommand(const char** words, char* text) : words_(words), text_(text) {}
  char* const* build(const char* path, char* const* argv);

 private:
  const char* keep(const char* first, const char* second = "");
  void add_options();
  void add_numbers();

  const char** words_;
  char* text_;
  std::size_t count_ = 0;
};

}  // namespace cairn::guest

// On the caller's stack.
#define CAIRN_HOST_ARGV(path, argv)                                                                             \
  cairn::guest::HostCommand(                                                                                    \
      static_cast<const char**>(__builtin_alloca(cairn::guest::HostCommand::word_count(argv) * sizeof(char*))), \
      static_cast<char*>(__builtin_alloca(cairn::guest::HostCommand::text_size(path, argv))))                   \
      .build(path, argv)
