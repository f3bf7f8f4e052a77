// SPDX-License-Identifier: Apache-2.0
// Ports and the names of services. The library's name of a port says where its mpirun is: after a restart nobody is
// there. So ports that are open are opened again, and the program, which keeps the name that it was given, speaks of
// the new one. All ranks of the job know those of the others. Names that were published are published again.
//
// Threads: the tables are changed with TableLock held, and read in a restart.
#pragma once

#include <string>

namespace cairn::shim {

// What the library calls a port that the program calls `name`; made behind a door or in a section, for a call's time.
class RealPort {
 public:
  explicit RealPort(const char* name);
  const char* get() const noexcept { return is_null_ ? nullptr : name_.c_str(); }

 private:
  bool is_null_;
  std::string name_;
};

}  // namespace cairn::shim
