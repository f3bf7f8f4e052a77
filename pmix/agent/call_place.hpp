// SPDX-License-Identifier: Apache-2.0
// Where in the program an MPI function was called: "await_result+0x1f (prog)". Found from the thread's stack, as it was
// when the guest told of the call, and from the files that are mapped: functions of a file's symbol table, or of its
// dynamic one; others as "prog+0x1234", the address in the file. Best effort: empty if nothing is found.
//
// The bindings of Fortran and C++ stand between the program and the MPI function, and parts of the guest's libmpi
// between it and where it waits for a window: where the return address is in one of them, the next word on the stack
// that is behind a call of somebody else's is taken. Threads: each object is one thread's.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cairn::pmix {

class CallPlace {
 public:
  using Words = std::vector<std::uint64_t>;

  // The words from the one below `frame` on; none if it is 0 or the stack cannot be read. Never faults.
  static Words read_stack(std::uint64_t frame);

  std::string of(const Words& stack);

 private:
  struct Module {
    std::uint64_t start = 0, end = 0, offset = 0;  // of the mapping; in the file
    std::string path;
  };
  struct Symbol {
    std::uint64_t address = 0, size = 0;
    std::string name;
  };
  struct File {
    std::vector<Symbol> functions;  // by address
    std::uint64_t bias = 0;         // of an address in the file over its offset, where code is
  };

  static std::vector<Module> code_modules();
  static File read_file(const std::string& path);
  const File& file(const std::string& path);
  std::string describe(const Module& module, std::uint64_t address);

  std::map<std::string, File> files_;
};

}  // namespace cairn::pmix
