// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every rank and every machine: the plan of a program is a function of its seed.
// Plain values, no state outside the object; not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace cairn::random_program {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection with full avalanche.
inline std::uint64_t scramble(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return scramble(scramble(a) ^ (b * 0xd6e8feb86659fd93u)); }

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(scramble(seed)) {}
  std::uint64_t next() { return scramble(state_ += 0x9e3779b97f4a7c15u); }
  // 0 .. n-1; n must be positive.
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  // Both ends included.
  int between(int low, int high) { return low + below(high - low + 1); }
  bool chance(int percent) { return below(100) < percent; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(below(static_cast<int>(from.size())))];
  }
  template <class T>
  void shuffle(std::vector<T>& v) {
    for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[next() % i]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace cairn::random_program
