// SPDX-License-Identifier: Apache-2.0
// The volume of a 5-dimensional ball by random points: each process has worker threads, every step ends with a
// reduction over all processes. The points are a function of their number, so the count of every step is exact
// whatever the number of processes and threads; rank 0 repeats all of it alone and compares.
//
//   mpirun -np 4 montecarlo [--steps N] [--points N] [--threads N] [--seconds S]
//                           [--level funneled|serialized] [--report N] [--spoil K]
//
// funneled: the main thread calls MPI; serialized: whichever worker finishes a step last does.
// --spoil K miscounts step K, to see the check fail. Prints "step K/N", then PASS (exit 0) or FAIL (exit 1).
#include <mpi.h>

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "example_options.h"

namespace {

struct Options {
  int steps, threads, report, spoil;
  long points;
  double pause;
  bool serialized;
};

Options parse(int argc, char** argv) {
  check_options(argc, argv, "--steps --points --threads --seconds --level --report --spoil");
  Options o{};
  o.steps = static_cast<int>(option_number(argc, argv, "--steps", 400, 1));
  o.points = static_cast<long>(option_number(argc, argv, "--points", 20000, 1));
  o.threads = static_cast<int>(option_number(argc, argv, "--threads", 2, 1));
  o.pause = option_number(argc, argv, "--seconds", 0, 0) / o.steps;
  o.report = static_cast<int>(option_number(argc, argv, "--report", std::max(1, o.steps / 20), 1));
  o.spoil = static_cast<int>(option_number(argc, argv, "--spoil", 0, 0));
  const std::string level = option_text(argc, argv, "--level", "funneled");
  if (level != "funneled" && level != "serialized") {
    std::fprintf(stderr, "%s: --level is funneled or serialized, not '%s'\n", argv[0], level.c_str());
    std::exit(2);
  }
  o.serialized = level == "serialized";
  return o;
}

// Counts of this thread: a checkpoint has to bring thread-local storage back, too.
thread_local long inside_so_far = 0;

bool inside(std::uint64_t point) {
  double squares = 0;
  for (std::uint64_t axis = 0; axis < 5; ++axis) {
    std::uint64_t x = (point * 5 + axis + 1) * 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    const double at = static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1p-53;
    squares += at * at;
  }
  return squares <= 1;
}

long count(std::uint64_t first, std::uint64_t last) {
  long hits = 0;
  for (std::uint64_t p = first; p < last; ++p) hits += inside(p);
  return hits;
}

// The points of one step are cut over all threads of all processes.
class Job {
 public:
  explicit Job(const Options& o) : o_(o), done_(o.threads + 1) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }

  void run() {
    std::vector<std::thread> workers;
    for (int t = 0; t < o_.threads; ++t) workers.emplace_back([this, t] { work(t); });
    for (int s = 1; s <= o_.steps; ++s) {
      done_.arrive_and_wait();  // all counts of this step are in
      if (!o_.serialized) reduce(s);
      done_.arrive_and_wait();  // the sum is known, the next step may begin
      pace(o_.pause);
    }
    for (std::thread& w : workers) w.join();
  }

  // Steps, and threads, whose count differs from that of one process alone.
  long differences() const {
    long wrong = thread_total_ == own_total_ ? 0 : 1;
    for (int s = 0; s < o_.steps; ++s) {
      const std::uint64_t first = static_cast<std::uint64_t>(s) * static_cast<std::uint64_t>(o_.points);
      wrong += count(first, first + static_cast<std::uint64_t>(o_.points)) != sums_[static_cast<std::size_t>(s)];
    }
    return wrong;
  }
  bool threads_agree() const { return thread_total_ == own_total_; }
  int rank() const { return rank_; }
  int size() const { return size_; }
  double volume() const {
    long total = 0;
    for (const long s : sums_) total += s;
    return 32.0 * static_cast<double>(total) / (static_cast<double>(o_.points) * o_.steps);
  }

 private:
  void work(int thread) {
    const long parts = static_cast<long>(size_) * o_.threads, part = static_cast<long>(rank_) * o_.threads + thread;
    for (int s = 1; s <= o_.steps; ++s) {
      const long base = static_cast<long>(s - 1) * o_.points;
      const long hits = count(static_cast<std::uint64_t>(base + o_.points * part / parts),
                              static_cast<std::uint64_t>(base + o_.points * (part + 1) / parts));
      inside_so_far += hits;
      add(s, hits);
      done_.arrive_and_wait();
      done_.arrive_and_wait();
    }
    const std::lock_guard lock(mutex_);
    thread_total_ += inside_so_far;
  }

  void add(int step, long hits) {
    const std::lock_guard lock(mutex_);
    step_hits_ += hits + (step == o_.spoil && rank_ == 0);
    own_total_ += hits;
    if (++finished_ < o_.threads) return;
    finished_ = 0;
    if (o_.serialized) reduce(step);
  }

  void reduce(int step) {
    long sum = 0;
    MPI_Allreduce(&step_hits_, &sum, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    step_hits_ = 0;
    sums_.push_back(sum);
    if (rank_ == 0 && (step % o_.report == 0 || step == 1)) {
      std::printf("step %d/%d inside %ld\n", step, o_.steps, sum);
      std::fflush(stdout);
    }
  }

  const Options o_;
  int rank_ = 0, size_ = 1;
  std::barrier<> done_;
  std::mutex mutex_;
  int finished_ = 0;
  long step_hits_ = 0, own_total_ = 0, thread_total_ = 0;
  std::vector<long> sums_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const int wanted = options.serialized ? MPI_THREAD_SERIALIZED : MPI_THREAD_FUNNELED;
  int level = MPI_THREAD_SINGLE;
  MPI_Init_thread(&argc, &argv, wanted, &level);
  if (level < wanted) {
    std::fprintf(stderr, "montecarlo: MPI gives thread level %d, %d is needed\n", level, wanted);
    MPI_Abort(MPI_COMM_WORLD, 2);
  }
  Job job(options);
  job.run();
  int failed = job.threads_agree() ? 0 : 1;
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (job.rank() == 0) {
    const long wrong = job.differences();
    failed += wrong != 0;
    std::printf("%s montecarlo: %d processes of %d threads, %d steps, volume %.6f, %ld steps differ\n",
                failed ? "FAIL" : "PASS", job.size(), options.threads, options.steps, job.volume(), wrong);
    std::fflush(stdout);
  }
  MPI_Bcast(&failed, 1, MPI_INT, 0, MPI_COMM_WORLD);
  MPI_Finalize();
  return failed ? 1 : 0;
}
