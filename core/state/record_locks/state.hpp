// SPDX-License-Identifier: Apache-2.0
// Locks that the process has on parts of files: fcntl(F_SETLK), lockf(). They are the process's, not those of an open
// file description: nobody inherits them, and closing any descriptor of the file ends them. Plain values.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::state {

struct RecordLock {
  std::int32_t number = 0;  // a descriptor of the file
  bool exclusive = false;
  std::int64_t start = 0, length = 0;  // bytes; 0: to the end of the file, wherever it is
  template <class Archive>
  void fields(Archive& a) {
    a(number, exclusive, start, length);
  }
};

struct RecordLocks {
  static constexpr const char* section_name = "record locks";
  std::vector<RecordLock> locks;
  template <class Archive>
  void fields(Archive& a) {
    a(locks);
  }
};

}  // namespace cairn::state
