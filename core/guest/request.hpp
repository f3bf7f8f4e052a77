// SPDX-License-Identifier: Apache-2.0
// One checkpoint that this process has asked for, of itself or of another process. Ordinary code; one thread at a
// time uses an object.
#pragma once

#include <sys/types.h>

#include "core/abi/self_request.hpp"
#include "core/guest/libcr.h"

namespace cairn::guest {

class Request {
 public:
  // 0 or an errno. On failure the object is to be destroyed.
  int ask_self(const cairn_control_request& request, int descriptor);
  int ask_process(pid_t pid, const cairn_control_request& request, int descriptor);

  // 1 done, 0 the limit passed (the rest is stored back), -1 errno.
  int wait(struct timeval* limit);
  bool done();
  // Of a request that is done: 0, an errno or a CR_E... code.
  int error() const;
  const char* text() const { return restarted() ? "" : result_.reply.text; }

  static Request* make();  // null: no memory
  static void destroy(Request*);

 private:
  bool restarted() const;
  const uint32_t* awaited() const;
  int wait_self(const timespec* limit);
  int wait_process(int milliseconds);

  cairn_self_result result_;
  uint32_t restarts_;  // of the guest when it asked
  int socket_;         // to another process, or -1
};

}  // namespace cairn::guest
