// SPDX-License-Identifier: Apache-2.0
#include "tests/mpi/random/ledger.hpp"

#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests/mpi/random/rng.hpp"

namespace cairn::random_program {

Where where;

void fail(const std::string& text) {
  std::fprintf(stderr, "FAIL seed %llu step %d (%s) rank %d: %s\n", static_cast<unsigned long long>(where.seed),
               where.step, where.kind, where.rank, text.c_str());
  std::fflush(stderr);
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

void must(int rc, std::source_location at) {
  if (rc == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(rc, text, &length);
  fail(std::string(at.file_name()) + ":" + std::to_string(at.line()) + ": " + text);
}

void require(bool holds, const std::string& text, std::source_location at) {
  if (!holds) fail(std::string(at.file_name()) + ":" + std::to_string(at.line()) + ": " + text);
}

void fill_pattern(void* to, std::size_t n, std::uint64_t key) {
  auto* out = static_cast<unsigned char*>(to);
  for (std::size_t at = 0; at < n; at += 8) {
    const std::uint64_t word = scramble(key + at);
    std::memcpy(out + at, &word, std::min<std::size_t>(8, n - at));
  }
}

std::vector<unsigned char> pattern(std::size_t n, std::uint64_t key) {
  std::vector<unsigned char> bytes(n);
  fill_pattern(bytes.data(), n, key);
  return bytes;
}

std::uint64_t hash_bytes(const void* data, std::size_t n) {
  const auto* in = static_cast<const unsigned char*>(data);
  std::uint64_t sum = n;
  for (std::size_t at = 0; at < n; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, in + at, std::min<std::size_t>(8, n - at));
    sum = (sum ^ word) * 0x9fb21c651e98df25u;
    sum ^= sum >> 29;
  }
  return sum;
}

void Ledger::received_result(std::uint64_t key, const void* data, const void* want, std::size_t n) {
  if (n > 0 && std::memcmp(data, want, n) != 0) {
    const auto* a = static_cast<const unsigned char*>(data);
    const auto* b = static_cast<const unsigned char*>(want);
    const auto bad = static_cast<std::size_t>(std::mismatch(a, a + n, b).first - a);
    char text[160];
    std::snprintf(text, sizeof text, "message %016llx: byte %zu of %zu is 0x%02x, the plan says 0x%02x",
                  static_cast<unsigned long long>(key), bad, n, a[bad], b[bad]);
    fail(text);
  }
  actual_ += mix(key, hash_bytes(data, n));
  ++messages_;
  bytes_ += n;
}

void Ledger::received(std::uint64_t key, const void* data, std::size_t n) {
  const auto want = pattern(n, key);
  received_result(key, data, want.data(), n);
}

void Ledger::planned_result(int to, std::uint64_t key, const void* want, std::size_t n) {
  planned_[static_cast<std::size_t>(to)] += mix(key, hash_bytes(want, n));
}

void Ledger::planned(int to, std::uint64_t key, std::size_t n) {
  const auto want = pattern(n, key);
  planned_result(to, key, want.data(), n);
}

}  // namespace cairn::random_program
