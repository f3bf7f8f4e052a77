// SPDX-License-Identifier: Apache-2.0
// A guest thread, inside the host, asks for a checkpoint of its own process (core/abi/self_request.hpp).
#include "core/abi/self_request.hpp"

#include <unistd.h>

#include <cerrno>

#include "core/base/futex.hpp"
#include "core/host/control_job.hpp"

namespace cairn::host {

int request_own_checkpoint(const cairn_self_request* asked) {
  if (asked->version != CAIRN_SELF_REQUEST_VERSION || asked->size != sizeof *asked) return -EINVAL;
  const cairn_control_request& request = *asked->request;
  if (!cairn_control_understands(request, request.size) || request.command != CAIRN_CONTROL_CHECKPOINT) return -EINVAL;
  UniqueFd descriptor(dup(asked->descriptor));
  if (!descriptor) return -errno;
  // The image was taken before: writing to the guest's memory here is nothing that a restarted guest will see.
  const auto answer = [result = asked->result](const cairn_control_reply& reply) {
    if (result == nullptr) return;
    result->reply = reply;
    store_and_wake(result->done, 1);
  };
  return begin_own_checkpoint(request, std::move(descriptor), answer) ? 0 : -EBUSY;
}

}  // namespace cairn::host
