// SPDX-License-Identifier: Apache-2.0
// How the coordinator's orders reach the agents and how the agents agree: {notify, gather}. One implementation
// (PMIx publish/lookup and fences); another launcher or a tree of sockets can replace it.
//
// An entry of the log is a small string, numbered from 1 by rank 0, seen by every rank in the same order.
//
// Thread safety: three groups of calls, each for one thread at a time: {notify}, {wait}, {gather_begin, gather_test,
// part, gather}, {wait_ping, answer_ping}, {ask_all}. leave() is the last call of all. Errors: cairn::Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace cairn::pmix {

class Transport {
 public:
  virtual ~Transport() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  // The job's name in its runtime: unique among the jobs of one mpirun.
  virtual std::string job() const = 0;

  // Rank 0 only: make `entry` number `n` of the log.
  virtual void notify(std::uint64_t n, const std::string& entry) = 0;
  // Waits for entry n. False if `seconds` pass first; may then be called again with the same n.
  virtual bool wait(std::uint64_t n, double seconds, std::string& entry) = 0;

  // All ranks contribute; when gather_test() is true, part(r) is rank r's contribution. Neither blocks on other ranks.
  // gather_test() throws if the job's runtime is gone.
  virtual void gather_begin(std::span<const std::byte> mine) = 0;
  virtual bool gather_test() = 0;
  virtual const std::vector<std::byte>& part(int rank) const = 0;
  // The blocking form of it.
  virtual std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine) = 0;

  // Beside the log, so that it works while a rank hangs in a gather: question n, asked by rank 0, answered by all
  // that can. ask_all() returns the answers that came within `seconds`, by rank.
  virtual bool wait_ping(std::uint64_t n, double seconds) = 0;
  virtual void answer_ping(std::uint64_t n, const std::string& answer) = 0;
  virtual std::map<int, std::string> ask_all(std::uint64_t n, double seconds) = 0;

  // Before the real MPI_Finalize: gives up this object's share in the job's runtime. A wait that another thread is in
  // may end by throwing, or never; nothing else may be called afterwards.
  virtual void leave() noexcept = 0;
};

}  // namespace cairn::pmix
