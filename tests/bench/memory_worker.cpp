// SPDX-License-Identifier: Apache-2.0
// A program of a given size whose speed is known: what a checkpoint costs it can be read from when it ends.
//   memory_worker --mib M --pattern rewrite|read --units N [--seconds S]
// Every rank holds M MiB. A unit of work passes over 1/64 of them, writing every page or reading every line;
// every 16 units all ranks meet in an Allreduce. Rank 0 prints "unit i/N" every 64 units and, at the end,
// "seconds S" and PASS; the contents are verified. --seconds ends it when it has worked for so long; times when it
// stood still, or was not there at all, do not count.
#include <mpi.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Options {
  std::size_t mib = 64;
  bool rewrite = true;
  int units = 2000;
  double seconds = 0;  // 0: all units
};

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i], value = argv[i + 1];
    if (name == "--mib") o.mib = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "--units") o.units = std::atoi(value.c_str());
    if (name == "--seconds") o.seconds = std::strtod(value.c_str(), nullptr);
    if (name == "--pattern") o.rewrite = value == "rewrite";
  }
  return o;
}

constexpr std::size_t kParts = 64;
constexpr std::size_t kWordsPerPage = 4096 / sizeof(std::uint64_t);

// Word w of a page that has been rewritten `times` times: not compressible, and different every time.
std::uint64_t word(std::size_t at, std::uint64_t times) {
  std::uint64_t x = (at + 1) * 0x9e3779b97f4a7c15u + times * 0xd6e8feb86659fd93u;
  x ^= x >> 31;
  return x * 0xbf58476d1ce4e5b9u;
}

struct Worker {
  std::vector<std::uint64_t> memory;
  std::vector<std::uint64_t> passes = std::vector<std::uint64_t>(kParts, 0);

  explicit Worker(std::size_t mib) : memory(mib * ((1u << 20) / sizeof(std::uint64_t))) {
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = word(i, 0);
  }
  std::size_t begin(std::size_t part) const { return memory.size() / kWordsPerPage * part / kParts * kWordsPerPage; }

  void rewrite(std::size_t part) {
    const std::uint64_t times = ++passes[part];
    for (std::size_t i = begin(part); i < begin(part + 1); ++i) memory[i] = word(i, times);
  }
  std::uint64_t read(std::size_t part) const {
    std::uint64_t sum = 0;
    for (std::size_t i = begin(part); i < begin(part + 1); ++i) sum ^= memory[i];
    return sum;
  }
  bool right() const {
    for (std::size_t part = 0; part < kParts; ++part) {
      for (std::size_t i = begin(part); i < begin(part + 1); ++i) {
        if (memory[i] != word(i, passes[part])) return false;
      }
    }
    return true;
  }
};

double wall() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Time at work so far: between two calls, but not more than what some units can take.
class Stopwatch {
 public:
  double elapsed() {
    constexpr double kLongest = 0.1;
    const double t = wall();
    sum_ += std::min(t - last_, kLongest);
    last_ = t;
    return sum_;
  }

 private:
  double last_ = wall(), sum_ = 0;
};

void work(Worker& w, const Options& o, int rank) {
  std::uint64_t sum = 0, all = 0;
  Stopwatch watch;
  for (int unit = 1; unit <= o.units; ++unit) {
    const auto part = static_cast<std::size_t>(unit) % kParts;
    if (o.rewrite) {
      w.rewrite(part);
    } else {
      sum ^= w.read(part);
    }
    if (unit % 16 == 0) {
      MPI_Allreduce(&sum, &all, 1, MPI_UINT64_T, MPI_BXOR, MPI_COMM_WORLD);
      int enough = o.seconds > 0 && watch.elapsed() >= o.seconds ? 1 : 0;
      if (o.seconds > 0) MPI_Bcast(&enough, 1, MPI_INT, 0, MPI_COMM_WORLD);
      if (enough != 0) return;
    }
    if (rank == 0 && unit % 64 == 0) {
      std::printf("unit %d/%d\n", unit, o.units);
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = parse(argc, argv);
  MPI_Init(&argc, &argv);
  int rank = 0, good = 0, all_good = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  Worker w(o.mib);
  MPI_Barrier(MPI_COMM_WORLD);
  const double begin = wall();
  if (rank == 0) {
    std::printf("ready\n");
    std::fflush(stdout);
  }
  work(w, o, rank);
  const double seconds = wall() - begin;
  good = w.right() ? 1 : 0;
  MPI_Allreduce(&good, &all_good, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (rank == 0) std::printf("seconds %.4f\n%s\n", seconds, all_good ? "PASS" : "FAIL: memory differs");
  MPI_Finalize();
  return all_good ? 0 : 1;
}
