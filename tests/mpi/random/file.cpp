// SPDX-License-Identifier: Apache-2.0
// Files come and go, live over many steps, and have the views that the plan gives them.
#include "tests/mpi/random/file.hpp"

#include <algorithm>

namespace cairn::random_program {

namespace {

constexpr std::size_t kMostFiles = 3;

void set_view(State& s, OpenFile& f) {
  const bool turns = s.plan.chance(50);
  f.unit = s.plan.chance(40) ? 8 : 1;
  f.block = turns ? static_cast<std::size_t>(s.plan.between(1, 64)) * 8 : 0;
  f.begin = turns ? (f.end + 63) / 64 * 64 : 0;
  std::fill(f.pointers.begin(), f.pointers.end(), 0);
  f.shared = 0;
  if (f.me < 0) return;
  const MPI_Datatype unit = f.unit == 8 ? MPI_UINT64_T : MPI_BYTE;
  if (!turns) {
    must(MPI_File_set_view(f.handle, 0, unit, unit, "native", MPI_INFO_NULL));
    return;
  }
  MPI_Datatype block = MPI_DATATYPE_NULL, filetype = MPI_DATATYPE_NULL;
  must(MPI_Type_contiguous(static_cast<int>(f.block / f.unit), unit, &block));
  must(MPI_Type_create_resized(block, 0, static_cast<MPI_Aint>(f.block) * f.size(), &filetype));
  must(MPI_Type_commit(&filetype));
  const auto from = static_cast<MPI_Offset>(f.begin + static_cast<std::size_t>(f.me) * f.block);
  must(MPI_File_set_view(f.handle, from, unit, filetype, "native", MPI_INFO_NULL));
  must(MPI_Type_free(&filetype));
  must(MPI_Type_free(&block));
}

// What the file says of itself, at any time.
void check(const OpenFile& f) {
  if (f.me < 0) return;
  MPI_Offset at = -1, from = -1;
  MPI_Datatype unit = MPI_DATATYPE_NULL, filetype = MPI_DATATYPE_NULL;
  char name[MPI_MAX_DATAREP_STRING] = "";
  must(MPI_File_get_view(f.handle, &from, &unit, &filetype, name));
  int bytes = 0;
  MPI_Aint low = 0, extent = 0;
  must(MPI_Type_size(unit, &bytes));
  must(MPI_Type_get_extent(filetype, &low, &extent));
  const std::size_t want = f.block == 0 ? f.unit : f.block * static_cast<std::size_t>(f.size());
  require(static_cast<std::size_t>(bytes) == f.unit && static_cast<std::size_t>(extent) == want,
          "a view has other types");
  require(static_cast<std::size_t>(from) == f.begin + static_cast<std::size_t>(f.me) * f.block,
          "a view begins elsewhere");
  for (MPI_Datatype* t : {&unit, &filetype}) {
    int a = 0, b = 0, c = 0, combiner = 0;
    must(MPI_Type_get_envelope(*t, &a, &b, &c, &combiner));
    if (combiner != MPI_COMBINER_NAMED) must(MPI_Type_free(t));
  }
  if (!f.pending.empty() || f.split) return;  // which of them have moved the pointer need not be said
  must(MPI_File_get_position(f.handle, &at));
  const auto there = f.pointers[static_cast<std::size_t>(f.me)];
  require(static_cast<std::size_t>(at) * f.unit == there,
          "a file's pointer is at " + std::to_string(at) + ", the plan says " + std::to_string(there / f.unit));
}

// All read everything, and compare.
void verify(State& s, OpenFile& f) {
  finish_accesses(s, f);
  const auto key = s.key();
  for (int m = 0; m < f.size(); ++m) {
    s.ledger.planned_result(f.members[static_cast<std::size_t>(m)], key, f.model.data(), f.model.size());
  }
  if (f.me < 0) return;
  must(MPI_File_set_view(f.handle, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
  Bytes all(f.model.size(), 0xEE);
  MPI_Status status{};
  must(MPI_File_read_at_all(f.handle, 0, all.data(), static_cast<int>(all.size()), MPI_BYTE, &status));
  OpenFile::forget_holes(all, f.model, f.written);
  s.ledger.received_result(key, all.data(), f.model.data(), all.size());
}

void close_file(State& s, std::size_t index) {
  OpenFile& f = *s.files[index];
  verify(s, f);
  if (f.me >= 0) {
    must(MPI_File_close(&f.handle));
    must(MPI_Comm_free(&f.comm));
  }
  s.files.erase(s.files.begin() + static_cast<std::ptrdiff_t>(index));
}

}  // namespace

std::size_t OpenFile::place(int member, std::size_t at) const {
  if (block == 0) return begin + at;
  const auto turn = static_cast<std::size_t>(size()) * (at / block) + static_cast<std::size_t>(member);
  return begin + turn * block + at % block;
}

void OpenFile::forget_holes(Bytes& got, const Bytes& want, const std::vector<bool>& known) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!known[i]) got[i] = want[i];
  }
}

void step_file_open(State& s) {
  if (s.options.directory.empty()) return;
  if (s.files.size() >= kMostFiles) {
    step_file_close(s);
    return;
  }
  const Comm& c = s.comm(1, false);
  auto f = std::make_shared<OpenFile>();
  f->members = c.members;
  f->pointers.assign(c.members.size(), 0);
  f->vanishes = s.plan.chance(30) && s.options.files_vanish;
  f->path = s.options.directory + "/seed" + std::to_string(s.seed) + "-" + std::to_string(where.step);
  f->me = c.index(s.rank);
  if (f->me >= 0) {
    must(MPI_Comm_dup(c.handle, &f->comm));
    const int mode = MPI_MODE_CREATE | MPI_MODE_RDWR | (f->vanishes ? MPI_MODE_DELETE_ON_CLOSE : 0);
    must(MPI_File_open(f->comm, f->path.c_str(), mode, MPI_INFO_NULL, &f->handle));
  }
  set_view(s, *f);
  s.files.push_back(f);
}

void step_file(State& s) {
  if (s.files.empty()) {
    step_file_open(s);
    return;
  }
  OpenFile& f = *s.plan.pick(s.files);
  check(f);
  if (s.plan.chance(12)) {
    finish_accesses(s, f);
    set_view(s, f);
    return;
  }
  const int n = s.plan.between(1, 3);
  for (int i = 0; i < n; ++i) access_file(s, f);
}

void step_file_close(State& s) {
  if (!s.files.empty()) close_file(s, static_cast<std::size_t>(s.plan.below(static_cast<int>(s.files.size()))));
}

void finish_files(State& s) {
  while (!s.files.empty()) close_file(s, s.files.size() - 1);
}

}  // namespace cairn::random_program
