// SPDX-License-Identifier: Apache-2.0
// Transport over the PMIx of the job's own launcher.
//
// Push channel: rank 0 publishes one key per entry (range session), the others have a PMIx_Lookup_nb with PMIX_WAIT
// pending. Agreement: PMIx_Put of the contribution, PMIx_Commit, PMIx_Fence_nb with PMIX_COLLECT_DATA. Two keys are
// used in turn: a rank puts under a key again only after a fence that every reader of the old value has passed. All
// values of one key have one size, since PMIx 4.2's shared-memory store goes on showing the old value when a new one of
// another size is put: a slot of fixed size with short contributions in it, and padded keys by size class for others.
// PMIx callbacks only store a result and wake the thread that waits: blocking in one would stop PMIx.
#pragma once

#include <pmix.h>

#include <memory>

#include "pmix/transport/transport.hpp"

namespace cairn::pmix {

class PmixTransport final : public Transport {
 public:
  // Calls PMIx_Init (reference-counted: MPI_Init has done it before) and asks for rank and size of the job.
  PmixTransport();
  ~PmixTransport() override { leave(); }

  int rank() const override { return static_cast<int>(self_.rank); }
  int size() const override { return size_; }
  std::string job() const override { return self_.nspace; }

  void notify(std::uint64_t n, const std::string& entry) override;
  bool wait(std::uint64_t n, double seconds, std::string& entry) override;
  void gather_begin(std::span<const std::byte> mine) override;
  bool gather_test() override;
  const std::vector<std::byte>& part(int rank) const override { return parts_.at(static_cast<std::size_t>(rank)); }
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine) override;
  bool wait_ping(std::uint64_t n, double seconds) override;
  void answer_ping(std::uint64_t n, const std::string& answer) override;
  std::map<int, std::string> ask_all(std::uint64_t n, double seconds) override;
  // PMIx_Finalize; lookups that are still pending keep what they need alive.
  void leave() noexcept override;

  struct Pending;  // one lookup or fence in flight

 private:
  std::string key(const char* kind, std::uint64_t n) const;
  void publish(const std::string& key, const std::string& value);
  void unpublish(const std::string& key) noexcept;
  std::shared_ptr<Pending> look_up(const std::string& key);
  bool wait_key(std::shared_ptr<Pending>& pending, const std::string& key, double seconds, std::string& value);
  void put(const std::string& key, const std::string& value);
  std::string fetch(pmix_rank_t rank, const std::string& key) const;
  std::vector<std::byte> fetch_part(pmix_rank_t rank) const;

  pmix_proc_t self_{};
  int size_ = 0;
  std::uint64_t gathers_ = 0;
  std::shared_ptr<Pending> fence_, entry_, ping_;
  std::vector<std::vector<std::byte>> parts_;
  std::uint64_t answered_ = 0;
  bool left_ = false;
};

}  // namespace cairn::pmix
