// SPDX-License-Identifier: Apache-2.0
// random_program: runs random correct MPI programs, one for each seed, and verifies every byte (docs/testing.md).
//   STEP i/N            rank 0 has begun step i            (for observers that checkpoint at a chosen moment)
//   SEED s PASS sum     all ranks have agreed with the plan
//   PASS | FAIL ...     the whole run
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "tests/mpi/random/collective.hpp"
#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"timeline", 20, step_timeline},
      {"ring", 6, step_ring},
      {"wildcard", 8, step_wildcard},
      {"truncate", 3, step_truncate},
      {"cancel", 3, step_cancel},
      {"request-free", 3, step_request_free},
      {"stream-open", 7, step_stream_open},
      {"stream-read", 7, step_stream_read},
      {"channel", 8, step_channel},
      {"collective", 10, step_collective},
      {"icollective", 8, step_icollective},
      {"icollective-finish", 4, step_icollective_finish},
      {"neighbour", 3, step_neighbour},
      {"comm-create", 8, step_comm_create},
      {"comm-free", 3, step_comm_free},
      {"intercomm", 2, step_intercomm},
      {"attribute", 4, step_attribute},
      {"types", 6, step_types},
      {"pause", 6, step_pause},
      {"threads", 10, step_threads},
      {"window-create", 4, step_window_create},
      {"window", 14, step_window},
      {"window-free", 2, step_window_free},
      {"file-open", 3, step_file_open},
      {"file", 10, step_file},
      {"file-close", 2, step_file_close},
      {"persistent", 6, step_persistent},
      {"own-request", 6, step_own_request},
  };
  return all;
}

bool is_chosen(const State& s, const char* kind) {
  std::size_t i = 0;
  while (std::strcmp(kinds()[i].name, kind) != 0) ++i;
  return (s.options.kinds >> i & 1) != 0;
}

namespace {

const Kind& draw_kind(State& s) {
  int total = 0;
  for (std::size_t i = 0; i < kinds().size(); ++i) {
    if (s.options.kinds >> i & 1) total += kinds()[i].weight;
  }
  int dice = s.plan.below(total);
  for (std::size_t i = 0; i < kinds().size(); ++i) {
    if (!(s.options.kinds >> i & 1)) continue;
    dice -= kinds()[i].weight;
    if (dice < 0) return kinds()[i];
  }
  return kinds()[0];
}

void verify(const State& s) {
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(s.size));
  const std::uint64_t mine = s.ledger.actual();
  must(MPI_Allgather(&mine, 1, MPI_UINT64_T, sums.data(), 1, MPI_UINT64_T, MPI_COMM_WORLD));
  std::uint64_t all = 0;
  for (int r = 0; r < s.size; ++r) {
    const std::uint64_t got = sums[static_cast<std::size_t>(r)];
    require(got == s.ledger.planned_for(r), "the checksum of rank " + std::to_string(r) + " differs from the plan's");
    all = mix(all, got);
  }
  std::uint64_t totals[2] = {s.ledger.messages(), s.ledger.bytes()}, sum[2] = {0, 0};
  must(MPI_Reduce(totals, sum, 2, MPI_UINT64_T, MPI_SUM, 0, MPI_COMM_WORLD));
  if (s.rank != 0) return;
  std::printf("SEED %llu PASS %016llx messages %llu bytes %llu\n", static_cast<unsigned long long>(s.seed),
              static_cast<unsigned long long>(all), static_cast<unsigned long long>(sum[0]),
              static_cast<unsigned long long>(sum[1]));
  std::fflush(stdout);
}

void run_seed(const Options& options, std::uint64_t seed, int rank, int size) {
  State s(options, seed, rank, size);
  where.seed = seed;
  where.rank = rank;
  for (int step = 1; step <= options.steps; ++step) {
    const Kind& kind = draw_kind(s);
    where.step = step;
    where.kind = kind.name;
    if (rank == 0) {
      std::printf("STEP %d/%d\n", step, options.steps);
      std::fflush(stdout);
    }
    if (options.trace) std::fprintf(stderr, "TRACE rank %d step %d %s\n", rank, step, kind.name);
    kind.run(s);
  }
  where.kind = "end";
  finish_streams(s);
  finish_channels(s);
  finish_collectives(s);
  finish_windows(s);
  finish_files(s);
  finish_persistents(s);
  finish_own_requests(s);
  free_comms(s);
  free_types(s);
  check_attribute_deletions();
  free_operators();
  verify(s);
}

[[noreturn]] void usage(const char* text) {
  std::fprintf(stderr,
               "random_program: %s\n"
               "usage: random_program [--seed S[:LAST]] [--steps N] [--kinds name,name|MASK] [--slow FACTOR]\n"
               "                      [--max-bytes N] [--threads] [--without name,name] [--trace]\n"
               "                      [--directory DIR [--files-vanish]]\nkinds:",
               text);
  for (const auto& k : kinds()) std::fprintf(stderr, " %s", k.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

std::uint64_t parse_kinds(std::string text) {
  char* end = nullptr;
  const std::uint64_t mask = std::strtoull(text.c_str(), &end, 0);
  if (*end == '\0' && mask != 0) return mask;
  std::uint64_t chosen = 0;
  for (char* word = std::strtok(text.data(), ","); word != nullptr; word = std::strtok(nullptr, ",")) {
    std::size_t i = 0;
    while (i < kinds().size() && std::strcmp(kinds()[i].name, word) != 0) ++i;
    if (i == kinds().size()) usage("unknown kind");
    chosen |= std::uint64_t{1} << i;
  }
  return chosen;
}

bool take_word(std::string& list, const char* word) {
  const auto at = list.find(word);
  if (at != std::string::npos) list.erase(at, std::strlen(word));
  return at != std::string::npos;
}

Options parse(int argc, char** argv) {
  Options o;
  std::uint64_t without = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--threads") {
      o.threads = true;
    } else if (name == "--trace") {
      o.trace = true;
    } else if (name == "--files-vanish") {
      o.files_vanish = true;
    } else if (i + 1 >= argc) {
      usage("an option is unknown or lacks its value");
    } else if (name == "--seed") {
      char* rest = nullptr;
      o.first_seed = o.last_seed = std::strtoull(argv[++i], &rest, 10);
      if (*rest == ':') o.last_seed = std::strtoull(rest + 1, nullptr, 10);
    } else if (name == "--steps") {
      o.steps = std::atoi(argv[++i]);
    } else if (name == "--kinds") {
      o.kinds = parse_kinds(argv[++i]);
    } else if (name == "--without") {  // what Open MPI cannot do over this transport (docs/testing.md)
      std::string list = argv[++i];
      o.no_mprobe = take_word(list, "mprobe");
      o.no_early_free = take_word(list, "early-free");
      o.no_file_icollective = take_word(list, "file-icollective");
      if (!list.empty()) without |= parse_kinds(list);
    } else if (name == "--directory") {
      o.directory = argv[++i];
    } else if (name == "--slow") {
      o.slow = std::atof(argv[++i]);
    } else if (name == "--max-bytes") {
      o.max_bytes = std::strtoull(argv[++i], nullptr, 10);
    } else {
      usage("an option is unknown");
    }
  }
  if (o.directory.empty()) without |= parse_kinds("file-open,file,file-close");
  if (!o.threads) without |= parse_kinds("threads");
  o.kinds &= ~without;
  return o;
}

}  // namespace
}  // namespace cairn::random_program

int main(int argc, char** argv) {
  using namespace cairn::random_program;
  const Options options = parse(argc, argv);
  int provided = MPI_THREAD_SINGLE, rank = 0, size = 0;
  if (options.threads) {
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  } else {
    MPI_Init(&argc, &argv);
  }
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (options.threads) require(provided == MPI_THREAD_MULTIPLE, "MPI_THREAD_MULTIPLE is not provided");
  for (std::uint64_t seed = options.first_seed; seed <= options.last_seed; ++seed) {
    run_seed(options, seed, rank, size);
  }
  if (rank == 0) {
    std::printf("PASS\n");
    std::fflush(stdout);
  }
  MPI_Finalize();
  return 0;
}
