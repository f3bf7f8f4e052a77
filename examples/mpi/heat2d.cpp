// SPDX-License-Identifier: Apache-2.0
// Heat on a plate, rolled up in one direction (a tube): a 2-D Cartesian communicator, halo exchange by persistent
// or non-blocking requests, columns sent by a derived datatype, the largest change of a step by Allreduce.
// Diffusion forgets: so every cell keeps a trace of all its values, bit by bit. At the end rank 0 computes the same
// by itself and compares.
//
//   mpirun -np 4 heat2d [--size N] [--steps N] [--seconds S] [--exchange persistent|nonblocking] [--report N]
//                       [--spoil K]
//
// --seconds spreads the steps over about S seconds; --spoil K changes one cell before step K, to see the check
// fail. Prints "step K/N", then PASS (exit 0) or FAIL (exit 1).
#include <mpi.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "example_options.h"

namespace {

struct Options {
  int size;
  int steps;
  int report;
  int spoil;
  double pause;
  bool persistent;
};

Options parse(int argc, char** argv) {
  check_options(argc, argv, "--size --steps --seconds --exchange --report --spoil");
  Options o{};
  o.size = static_cast<int>(option_number(argc, argv, "--size", 128, 8));
  o.steps = static_cast<int>(option_number(argc, argv, "--steps", 2000, 1));
  o.report = static_cast<int>(option_number(argc, argv, "--report", std::max(1, o.steps / 20), 1));
  o.pause = option_number(argc, argv, "--seconds", 0, 0) / o.steps;
  o.spoil = static_cast<int>(option_number(argc, argv, "--spoil", 0, 0));
  const std::string exchange = option_text(argc, argv, "--exchange", "persistent");
  if (exchange != "persistent" && exchange != "nonblocking") {
    std::fprintf(stderr, "%s: --exchange is persistent or nonblocking, not '%s'\n", argv[0], exchange.c_str());
    std::exit(2);
  }
  o.persistent = exchange == "persistent";
  return o;
}

// Part of the plate [row0, row0+rows) x [col0, col0+cols), with a frame one cell wide around it.
class Plate {
 public:
  Plate(int size, int row0, int rows, int col0, int cols)
      : rows_(rows), cols_(cols), now_(cells()), next_(cells()), source_(cells()), trace_(cells()) {
    for (int r = -1; r <= rows; ++r)
      for (int c = -1; c <= cols; ++c) {
        const int row = row0 + r;
        const int col = (col0 + c + size) % size;
        const bool edge = row < 0 || row >= size;
        at(now_, r, c) = edge ? boundary(row, col) : initial(row, col);
        at(source_, r, c) = edge ? 0 : 1e-3 * initial(col, row);
      }
    next_ = now_;
  }

  int rows() const { return rows_; }
  int cols() const { return cols_; }
  int stride() const { return cols_ + 2; }
  double* cell(int r, int c) { return &at(now_, r, c); }
  std::uint64_t* trace(int r, int c) { return &at(trace_, r, c); }

  // One step; returns the largest change of a cell. `now` stays where it is: persistent requests point into it.
  double step() {
    double change = 0;
    for (int r = 0; r < rows_; ++r)
      for (int c = 0; c < cols_; ++c) {
        const double u = at(now_, r, c);
        const double around = at(now_, r - 1, c) + at(now_, r + 1, c) + at(now_, r, c - 1) + at(now_, r, c + 1);
        const double v = u + 0.2 * (around - 4 * u) + at(source_, r, c) * std::sin(u);
        at(next_, r, c) = v;
        at(trace_, r, c) = std::rotl(at(trace_, r, c), 7) ^ std::bit_cast<std::uint64_t>(v);
        change = std::max(change, std::fabs(v - u));
      }
    for (int r = 0; r < rows_; ++r) std::copy_n(&at(next_, r, 0), cols_, &at(now_, r, 0));
    return change;
  }

  // Closes the tube when one process has all columns.
  void wrap() {
    for (int r = 0; r < rows_; ++r) {
      at(now_, r, -1) = at(now_, r, cols_ - 1);
      at(now_, r, cols_) = at(now_, r, 0);
    }
  }

 private:
  std::size_t cells() const { return static_cast<std::size_t>(rows_ + 2) * static_cast<std::size_t>(cols_ + 2); }
  template <typename T>
  T& at(std::vector<T>& v, int r, int c) {
    return v[static_cast<std::size_t>((r + 1) * stride() + c + 1)];
  }

  static double boundary(int row, int col) { return row < 0 ? 1.0 + 0.01 * (col % 7) : -1.0; }
  static double initial(int row, int col) {
    std::uint64_t x = (static_cast<std::uint64_t>(row) << 32) + static_cast<std::uint64_t>(col) + 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return static_cast<double>(x >> 11) * 0x1p-53;
  }

  int rows_, cols_;
  std::vector<double> now_, next_, source_;
  std::vector<std::uint64_t> trace_;
};

// The processes as a grid, and which part of the plate each has.
class Grid {
 public:
  explicit Grid(int size) : size_(size) {
    int np = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &np);
    MPI_Dims_create(np, 2, dims_.data());
    const int periods[2] = {0, 1};
    MPI_Cart_create(MPI_COMM_WORLD, 2, dims_.data(), periods, 1, &comm_);
    MPI_Comm_rank(comm_, &rank_);
    if (dims_[0] > size || dims_[1] > size) {
      if (rank_ == 0) std::fprintf(stderr, "heat2d: %d processes are too many for --size %d\n", np, size);
      MPI_Abort(MPI_COMM_WORLD, 2);
    }
  }
  ~Grid() { MPI_Comm_free(&comm_); }
  Grid(const Grid&) = delete;
  Grid& operator=(const Grid&) = delete;

  struct Part {
    int row0, rows, col0, cols;
  };
  Part part(int rank) const {
    int at[2];
    MPI_Cart_coords(comm_, rank, 2, at);
    const int r0 = begin(at[0], dims_[0]), c0 = begin(at[1], dims_[1]);
    return {r0, begin(at[0] + 1, dims_[0]) - r0, c0, begin(at[1] + 1, dims_[1]) - c0};
  }
  MPI_Comm comm() const { return comm_; }
  int rank() const { return rank_; }
  int processes() const { return dims_[0] * dims_[1]; }

 private:
  int begin(int index, int of) const { return static_cast<int>(static_cast<long>(size_) * index / of); }
  int size_;
  int rank_ = 0;
  std::array<int, 2> dims_{};
  MPI_Comm comm_ = MPI_COMM_NULL;
};

// Exchanges the frame of a plate with the four neighbours.
class Halo {
 public:
  Halo(const Grid& grid, Plate& plate, bool persistent) : persistent_(persistent) {
    MPI_Type_vector(plate.rows(), 1, plate.stride(), MPI_DOUBLE, &column_);
    MPI_Type_commit(&column_);
    MPI_Type_contiguous(plate.cols(), MPI_DOUBLE, &row_);
    MPI_Type_commit(&row_);
    int up, down, left, right;
    MPI_Cart_shift(grid.comm(), 0, 1, &up, &down);
    MPI_Cart_shift(grid.comm(), 1, 1, &left, &right);
    const int last_row = plate.rows() - 1, last_col = plate.cols() - 1;
    // Tags name the direction of travel: in a ring of two, both neighbours are the same process.
    lines_ = {{{plate.cell(0, 0), plate.cell(last_row + 1, 0), row_, up, down, 0},
               {plate.cell(last_row, 0), plate.cell(-1, 0), row_, down, up, 1},
               {plate.cell(0, 0), plate.cell(0, last_col + 1), column_, left, right, 2},
               {plate.cell(0, last_col), plate.cell(0, -1), column_, right, left, 3}}};
    comm_ = grid.comm();
    if (!persistent_) return;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const Line& l = lines_[i];
      MPI_Recv_init(l.into, 1, l.type, l.source, l.tag, comm_, &requests_[2 * i]);
      MPI_Send_init(l.from, 1, l.type, l.target, l.tag, comm_, &requests_[2 * i + 1]);
    }
  }
  ~Halo() {
    if (persistent_)
      for (MPI_Request& r : requests_) MPI_Request_free(&r);
    MPI_Type_free(&column_);
    MPI_Type_free(&row_);
  }
  Halo(const Halo&) = delete;
  Halo& operator=(const Halo&) = delete;

  void exchange() {
    if (persistent_) {
      MPI_Startall(static_cast<int>(requests_.size()), requests_.data());
    } else {
      for (std::size_t i = 0; i < lines_.size(); ++i) {
        const Line& l = lines_[i];
        MPI_Irecv(l.into, 1, l.type, l.source, l.tag, comm_, &requests_[2 * i]);
        MPI_Isend(l.from, 1, l.type, l.target, l.tag, comm_, &requests_[2 * i + 1]);
      }
    }
    MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE);
  }

 private:
  struct Line {
    double* from;
    double* into;
    MPI_Datatype type;
    int target, source, tag;
  };
  bool persistent_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  MPI_Datatype column_ = MPI_DATATYPE_NULL, row_ = MPI_DATATYPE_NULL;
  std::array<Line, 4> lines_{};
  std::array<MPI_Request, 8> requests_{};
};

// The traces of all cells on rank 0, as one array; empty elsewhere.
std::vector<std::uint64_t> gather(const Grid& grid, Plate& mine, int size) {
  const int full[2] = {mine.rows() + 2, mine.stride()}, inner[2] = {mine.rows(), mine.cols()}, first[2] = {1, 1};
  MPI_Datatype inside;
  MPI_Type_create_subarray(2, full, inner, first, MPI_ORDER_C, MPI_UINT64_T, &inside);
  MPI_Type_commit(&inside);
  MPI_Request sent;
  MPI_Isend(mine.trace(-1, -1), 1, inside, 0, 9, grid.comm(), &sent);
  std::vector<std::uint64_t> all;
  if (grid.rank() == 0) {
    all.resize(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    const int whole[2] = {size, size};
    for (int r = 0; r < grid.processes(); ++r) {
      const Grid::Part p = grid.part(r);
      const int block[2] = {p.rows, p.cols}, at[2] = {p.row0, p.col0};
      MPI_Datatype place;
      MPI_Type_create_subarray(2, whole, block, at, MPI_ORDER_C, MPI_UINT64_T, &place);
      MPI_Type_commit(&place);
      MPI_Recv(all.data(), 1, place, r, 9, grid.comm(), MPI_STATUS_IGNORE);
      MPI_Type_free(&place);
    }
  }
  MPI_Wait(&sent, MPI_STATUS_IGNORE);
  MPI_Type_free(&inside);
  return all;
}

// Number of cells, and of residuals, that differ from a run by one process alone.
long differences(const Options& o, const std::vector<std::uint64_t>& traces, const std::vector<double>& residuals) {
  Plate alone(o.size, 0, o.size, 0, o.size);
  long wrong = 0;
  for (int s = 0; s < o.steps; ++s) {
    alone.wrap();
    const double change = alone.step();
    wrong += std::memcmp(&change, &residuals[static_cast<std::size_t>(s)], sizeof change) != 0;
  }
  for (int r = 0; r < o.size; ++r)
    for (int c = 0; c < o.size; ++c) wrong += *alone.trace(r, c) != traces[static_cast<std::size_t>(r * o.size + c)];
  return wrong;
}

int run(const Options& o) {
  const Grid grid(o.size);
  const Grid::Part part = grid.part(grid.rank());
  Plate plate(o.size, part.row0, part.rows, part.col0, part.cols);
  std::vector<double> residuals;
  {
    Halo halo(grid, plate, o.persistent);
    for (int s = 1; s <= o.steps; ++s) {
      halo.exchange();
      if (s == o.spoil && grid.rank() == grid.processes() - 1) *plate.cell(0, 0) += 0x1p-50;
      double change = plate.step();
      MPI_Allreduce(MPI_IN_PLACE, &change, 1, MPI_DOUBLE, MPI_MAX, grid.comm());
      residuals.push_back(change);
      if (grid.rank() == 0 && (s % o.report == 0 || s == 1)) {
        std::printf("step %d/%d residual %.6e\n", s, o.steps, change);
        std::fflush(stdout);
      }
      pace(o.pause);
    }
  }
  const std::vector<std::uint64_t> traces = gather(grid, plate, o.size);
  int failed = 0;
  if (grid.rank() == 0) {
    const long wrong = differences(o, traces, residuals);
    failed = wrong != 0;
    std::printf("%s heat2d: %d processes, %d steps, %ld values differ from the serial run\n", failed ? "FAIL" : "PASS",
                grid.processes(), o.steps, wrong);
    std::fflush(stdout);
  }
  MPI_Bcast(&failed, 1, MPI_INT, 0, grid.comm());
  return failed;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  MPI_Init(&argc, &argv);
  const int result = run(options);
  MPI_Finalize();
  return result;
}
