// SPDX-License-Identifier: Apache-2.0
// What was received against what the plan says: every byte is compared at once, and a checksum of everything received
// is compared at the end, between ranks and with the plan. The sums do not depend on the order of receipt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace cairn::random_program {

// Where the program is, for messages and for a debugger looking at a hung rank.
struct Where {
  std::uint64_t seed = 0;
  int step = 0;
  int rank = -1;
  const char* kind = "start";
};
extern Where where;

// Prints what was expected and found, and ends the job. Does not return.
[[noreturn]] void fail(const std::string& text);
// Fails with MPI's own words unless rc is MPI_SUCCESS.
void must(int rc, std::source_location at = std::source_location::current());
void require(bool holds, const std::string& text, std::source_location at = std::source_location::current());

// Fills n bytes with the pattern of `key`; two keys have nothing in common.
void fill_pattern(void* to, std::size_t n, std::uint64_t key);
std::vector<unsigned char> pattern(std::size_t n, std::uint64_t key);
std::uint64_t hash_bytes(const void* data, std::size_t n);

class Ledger {
 public:
  explicit Ledger(int size) : planned_(static_cast<std::size_t>(size), 0) {}
  // This rank received `n` bytes as message `key`: they must be the pattern of the key.
  void received(std::uint64_t key, const void* data, std::size_t n);
  // This rank got a result that must equal `want`.
  void received_result(std::uint64_t key, const void* data, const void* want, std::size_t n);
  // The plan says that world rank `to` gets this.
  void planned(int to, std::uint64_t key, std::size_t n);
  void planned_result(int to, std::uint64_t key, const void* want, std::size_t n);
  std::uint64_t actual() const { return actual_; }
  std::uint64_t planned_for(int rank) const { return planned_[static_cast<std::size_t>(rank)]; }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t actual_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::uint64_t> planned_;
};

}  // namespace cairn::random_program
