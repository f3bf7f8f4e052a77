// SPDX-License-Identifier: Apache-2.0
// Where a context file goes, as far as lanes need to know, in a form that several threads and forked processes
// share: the counters lie in shared memory, the chunk and run tables grow in memfds.
//
// Ownership: Writer owns one Output; lanes point to it. Everything but create() and the destructor is free of
// allocation and exceptions. Thread- and process-safe.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/context/format.h"

namespace cairn::context {

// SIGXFSZ and SIGPIPE must not end the process because a checkpoint met a limit or a closed pipe: blocked for the
// calling thread while one of these lives, and taken back if they came.
class QuietWrites {
 public:
  QuietWrites() noexcept;
  ~QuietWrites();
  QuietWrites(const QuietWrites&) = delete;
  QuietWrites& operator=(const QuietWrites&) = delete;

 private:
  std::uint64_t set_[16];  // sigset_t, kept out of this header
  std::uint64_t old_[16];
};

class Output {
 public:
  // `fd` is written from its current position if `stream`, else from offset 0. Throws EnvironmentError.
  Output(int fd, bool stream, bool direct, int fd_base, std::string name);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  int fd() const noexcept { return fd_; }
  std::vector<int> descriptors() const { return {fd_, chunk_table_.get(), run_table_.get()}; }
  bool stream() const noexcept { return stream_; }
  bool direct() const noexcept { return direct_; }
  void direct(bool yes) noexcept { direct_ = yes; }
  const std::string& name() const noexcept { return name_; }

  // The place of the next `bytes` (a multiple of 4096) of payload. On a stream the caller holds the turn.
  std::uint64_t claim(std::uint64_t bytes) noexcept;
  // From now on claim() takes the turn: for a lane that has the kernel write at the file's end, who may then claim
  // what was written with claim_in_turn(), the turn held. Before any lane writes.
  void claims_take_turns() noexcept { turns_ = !stream_; }
  std::uint64_t claim_in_turn(std::uint64_t bytes) noexcept;
  // Direct writes into blocks that exist already can overlap; those that make the file longer cannot. So space is
  // asked for ahead. Failing is not an error: the write itself will tell.
  void reserve(std::uint64_t end) noexcept;
  void take_turn() noexcept;
  void end_turn() noexcept;
  // Writes all of it, however often that takes. Changes the iovecs. Returns 0 or errno: ECANCELED once it was given up.
  int write_all(iovec* pieces, unsigned count, std::uint64_t offset) noexcept;

  // Adds chunks, whose first_run counts from the first of `runs`, to the tables, and sets it right. 0 or errno.
  int record(std::span<cairn_ctx_chunk> chunks, std::span<const cairn_ctx_run> runs) noexcept;

  // What waits for somebody to read from a stream waits no longer. From any thread.
  void give_up() noexcept { shared_->given_up = 1; }

  std::uint64_t end() const noexcept;
  std::uint64_t payload_raw() const noexcept;
  std::uint64_t payload_stored() const noexcept;
  // What was recorded by all lanes. Ordinary code; throws EnvironmentError.
  std::vector<cairn_ctx_chunk> chunks() const;
  std::vector<cairn_ctx_run> runs() const;

 private:
  struct Shared {
    std::atomic<std::uint64_t> end, reserved_end, chunks, runs, raw, stored;
    std::atomic<std::uint32_t> turn, given_up;
  };
  bool wait_for_reader() const noexcept;
  template <typename Record>
  std::vector<Record> read_table(int fd, std::uint64_t count) const;

  UniqueFd own_;  // of a pipe that others have, too: one that does not block
  int fd_;
  bool stream_, direct_;
  bool turns_ = false;
  std::string name_;
  UniqueFd chunk_table_, run_table_;
  Shared* shared_ = nullptr;
};

// Moves a descriptor to `base` or above, so that those below stay the guest's.
UniqueFd move_high(UniqueFd fd, int base);

}  // namespace cairn::context
