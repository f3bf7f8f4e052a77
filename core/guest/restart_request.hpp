// SPDX-License-Identifier: Apache-2.0
// One restart that this process has asked for: the process that comes back, a child of the caller's, with what it says
// on the way. Its descriptors are the program's, and so is all of it: it is saved with the program. Ordinary code, any
// thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "core/guest/libcr.h"

namespace cairn::guest {

class RestartRequest {
 public:
  // 0 or an errno. On failure the object is to be destroyed.
  int start(const cr_restart_args_t& args);

  void forget_readers() { __atomic_store_n(&reading_, 0u, __ATOMIC_RELEASE); }  // also of a fork's child: others'

  // 1 done, 0 the limit passed (the rest is stored back), -1 errno.
  int wait(struct timeval* limit);
  bool done();
  // Of a request that is done: 0, an errno or a CR_E... code. A child that has failed is waited for.
  int conclude();
  pid_t pid() const { return pid_; }
  std::size_t text_size() const;
  std::size_t read_text(char* to, std::size_t size) const;

  static RestartRequest* make();  // null: no memory
  static void destroy(RestartRequest*);

 private:
  int open_ends(int& theirs);
  bool hear();
  bool goes_on() const;
  void conclude_as(char heard);
  int look(const timespec* limit);

  int started_, messages_;  // a pipe's end to read from; a file in memory
  int process_;             // a pidfd; negative: it could not be had
  pid_t pid_;
  uint32_t reading_;  // a thread is
  bool over_;
  char heard_;  // what core/abi/restart_options.hpp says, or an exit code; '\0': it has ended without a word
};

}  // namespace cairn::guest
