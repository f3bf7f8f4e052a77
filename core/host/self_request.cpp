// SPDX-License-Identifier: Apache-2.0
// A guest thread, inside the host, asks for a checkpoint of its own process (core/abi/self_request.hpp). The guest's
// libcr may be older than the host: it is answered in its own version.
#include "core/abi/self_request.hpp"

#include <fcntl.h>

#include <cerrno>
#include <functional>

#include "core/base/futex.hpp"
#include "core/host/control_job.hpp"
#include "core/host/self_request_v1.hpp"

namespace cairn::host {
namespace {

// The image was taken before: writing to the guest's memory here is nothing that a restarted guest will see.
template <class Result, class Translation>
ControlJob::Answer answer_to(Result* result, Translation translation) {
  return [result, translation](const cairn_control_reply& reply) {
    if (result == nullptr) return;
    result->reply = translation(reply);
    store_and_wake(result->done, 1);
  };
}

int begin(const cairn_control_request& request, int guest_descriptor, ControlJob::Answer answer) {
  if (request.command != CAIRN_CONTROL_CHECKPOINT) return -EINVAL;
  UniqueFd descriptor(fcntl(guest_descriptor, F_DUPFD_CLOEXEC, 0));
  if (!descriptor) return -errno;
  return begin_own_checkpoint(request, std::move(descriptor), std::move(answer)) ? 0 : -EBUSY;
}

int begin_v1(const cairn_self_request& asked) {
  const auto request = from_v1(*reinterpret_cast<const v1::ControlRequest*>(asked.request));
  if (!request) return -EINVAL;
  return begin(*request, asked.descriptor, answer_to(reinterpret_cast<v1::SelfResult*>(asked.result), to_v1));
}

// The libcr of before --save-files (2), --drop-input (3) or process groups (4) has the same layout, with nothing at the
// place of what it does not know.
int begin_older(const cairn_self_request& asked) {
  const std::uint32_t version = asked.version;
  static_assert(sizeof(cairn_control_request) == 2128 && sizeof(cairn_control_reply) == 2424);
  cairn_control_request request = *asked.request;
  const std::uint32_t of_request = version < 4 ? version : 5;
  if (request.version != of_request) return -EINVAL;
  request.version = CAIRN_CONTROL_VERSION;
  if (version < 3) request.parameters.save_files = false;
  if (version < 4) request.parameters.drop_input = false;
  if (!cairn_control_understands(request, request.size)) return -EINVAL;
  return begin(request, asked.descriptor, answer_to(asked.result, [of_request](cairn_control_reply reply) {
                 reply.version = of_request;
                 return reply;
               }));
}

}  // namespace

int request_own_checkpoint(const cairn_self_request* asked) {
  if (asked->size != sizeof *asked) return -EINVAL;
  if (asked->version == v1::kSelfRequestVersion) return begin_v1(*asked);
  if (asked->version >= 2 && asked->version <= 4) return begin_older(*asked);
  if (asked->version != CAIRN_SELF_REQUEST_VERSION) return -EINVAL;
  const cairn_control_request& request = *asked->request;
  if (!cairn_control_understands(request, request.size)) return -EINVAL;
  return begin(request, asked->descriptor, answer_to(asked->result, std::identity{}));
}

}  // namespace cairn::host
