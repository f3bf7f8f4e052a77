/* SPDX-License-Identifier: Apache-2.0 */
/* A guest asks its own host for a checkpoint: table->request_self() (core/abi/host_table.h), the same request as over
 * the control socket, without the socket, which would be part of the image.
 */
#pragma once

#include <cstdint>

#include "core/abi/control_protocol.hpp"

#define CAIRN_SELF_REQUEST_VERSION 5u

/* In guest memory, valid until `done`. A guest that was restarted from the very checkpoint finds it as it was
 * when the image was taken: not done. The host must not touch it after a restart. */
struct cairn_self_result {
  uint32_t done; /* futex: 1 once `reply` is final */
  uint32_t reserved;
  struct cairn_control_reply reply;
};

struct cairn_self_request {
  uint32_t version;
  uint32_t size;
  const struct cairn_control_request *request; /* command is CHECKPOINT; read before request_self() returns */
  int32_t descriptor; /* the guest's: directory of request->name, or the open file; the host makes
                       * its own of it before it returns */
  int32_t reserved;
  struct cairn_self_result *result; /* or null: the guest does not want to know */
};

/* request_self() returns 0 (the result will come), or -EINVAL, -EBUSY (another checkpoint is being taken), -EBADF. */
