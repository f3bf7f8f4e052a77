// SPDX-License-Identifier: Apache-2.0
// A tool's conversation with the coordinator of a running mpirun, over PMIx. One object a process, one thread.
#pragma once

#include <memory>
#include <optional>

#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/transport/messages.hpp"
#include "pmix/transport/record_fields.hpp"

namespace cairn::pmix {

// A request on its way. Copyable; may be dropped at any time.
class PendingReply {
 public:
  struct Call;
  explicit PendingReply(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  // Nothing if `seconds` pass first. Throws TemporaryError when there will be no answer, EnvironmentError when the
  // request is not allowed.
  std::optional<Record> wait(double seconds);

 private:
  std::shared_ptr<Call> call_;
};

class ToolClient {
 public:
  // Throws TemporaryError if mpirun does not answer within `seconds`.
  ToolClient(MpirunAddress mpirun, double seconds);
  ~ToolClient();
  ToolClient(const ToolClient&) = delete;
  ToolClient& operator=(const ToolClient&) = delete;

  PendingReply begin_checkpoint(const CheckpointWish& wish);
  // Errors as PendingReply; TemporaryError after `seconds`.
  JobStatus status(double seconds);
  SequenceList list(double seconds);
  // Tells mpirun that the answer to begin_checkpoint() is here. Waits a moment for it to be sent; never throws.
  void confirm() noexcept;

 private:
  Record query(const char* key, double seconds);
  std::shared_ptr<PendingReply::Call> begin_query(const char* key);

  MpirunAddress mpirun_;
};

}  // namespace cairn::pmix
