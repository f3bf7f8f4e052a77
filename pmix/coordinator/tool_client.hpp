// SPDX-License-Identifier: Apache-2.0
// A tool's conversation with the coordinator of a running mpirun (tool_channel.hpp): a connection for each request. One
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "pmix/coordinator/runtime_directory.hpp"
#include "pmix/transport/messages.hpp"
#include "pmix/transport/record_fields.hpp"

namespace cairn::pmix {

// A request on its way. May be dropped at any time: mpirun carries it out nevertheless, if it is not withdrawn.
class PendingReply {
 public:
  struct Call;
  explicit PendingReply(std::unique_ptr<Call> call);
  PendingReply(PendingReply&&) noexcept;
  PendingReply& operator=(PendingReply&&) noexcept;
  ~PendingReply();
  // Nothing if `seconds` pass first, or there is something to read from the descriptor `or_until`. Throws
  // TemporaryError when there will be no answer, PermanentError if that is since mpirun has ended. Not after it has
  // answered.
  std::optional<Record> wait(double seconds, int or_until = -1);

 private:
  std::unique_ptr<Call> call_;
};

class ToolClient {
 public:
  // `seconds` is for mpirun to greet whoever connects.
  ToolClient(MpirunAddress mpirun, double seconds) : mpirun_(std::move(mpirun)), patience_(seconds) {}

  // Throws TemporaryError if mpirun cannot be reached or does not greet, PermanentError if it is gone, EnvironmentError
  // if it is not who it should be.
  PendingReply begin_checkpoint(CheckpointWish wish);
  // The checkpoint that was begun last: nothing will come of it. False: it is too late. Errors as status().
  bool withdraw(double seconds);
  // Errors as begin_checkpoint() and PendingReply, or mpirun's own; TemporaryError after `seconds`.
  JobStatus status(double seconds);
  SequenceList list(double seconds);

 private:
  PendingReply begin(const Record& request);
  Record query(const Record& request, double seconds);

  MpirunAddress mpirun_;
  double patience_;
  std::string ticket_;
};

}  // namespace cairn::pmix
