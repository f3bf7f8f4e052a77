// SPDX-License-Identifier: Apache-2.0
// Reading and writing in all of MPI's ways; what was begun is completed at once or steps later.
#include <algorithm>
#include <cstdio>

#include "tests/mpi/random/file.hpp"

namespace cairn::random_program {

namespace {

constexpr std::size_t kMostPending = 5;

struct Call {
  MPI_File file;
  Access& a;
  MPI_Offset at;
  MPI_Status status{};
  void* data() const { return a.buffer->data(); }
  int count() const { return a.buffer->count(); }
  MPI_Datatype type() const { return a.buffer->type(); }
};

int write_explicit(Call& c) {
  switch (c.a.form) {
    case Form::kAlone:
      return MPI_File_write_at(c.file, c.at, c.data(), c.count(), c.type(), &c.status);
    case Form::kTogether:
      return MPI_File_write_at_all(c.file, c.at, c.data(), c.count(), c.type(), &c.status);
    case Form::kImmediate:
      return MPI_File_iwrite_at(c.file, c.at, c.data(), c.count(), c.type(), &c.a.request);
    case Form::kImmediateTogether:
      return MPI_File_iwrite_at_all(c.file, c.at, c.data(), c.count(), c.type(), &c.a.request);
    default:
      return MPI_File_write_at_all_begin(c.file, c.at, c.data(), c.count(), c.type());
  }
}

int read_explicit(Call& c) {
  switch (c.a.form) {
    case Form::kAlone:
      return MPI_File_read_at(c.file, c.at, c.data(), c.count(), c.type(), &c.status);
    case Form::kTogether:
      return MPI_File_read_at_all(c.file, c.at, c.data(), c.count(), c.type(), &c.status);
    case Form::kImmediate:
      return MPI_File_iread_at(c.file, c.at, c.data(), c.count(), c.type(), &c.a.request);
    case Form::kImmediateTogether:
      return MPI_File_iread_at_all(c.file, c.at, c.data(), c.count(), c.type(), &c.a.request);
    default:
      return MPI_File_read_at_all_begin(c.file, c.at, c.data(), c.count(), c.type());
  }
}

int write_pointer(Call& c) {
  switch (c.a.form) {
    case Form::kAlone:
      return MPI_File_write(c.file, c.data(), c.count(), c.type(), &c.status);
    case Form::kTogether:
      return MPI_File_write_all(c.file, c.data(), c.count(), c.type(), &c.status);
    case Form::kImmediate:
      return MPI_File_iwrite(c.file, c.data(), c.count(), c.type(), &c.a.request);
    case Form::kImmediateTogether:
      return MPI_File_iwrite_all(c.file, c.data(), c.count(), c.type(), &c.a.request);
    default:
      return MPI_File_write_all_begin(c.file, c.data(), c.count(), c.type());
  }
}

int read_pointer(Call& c) {
  switch (c.a.form) {
    case Form::kAlone:
      return MPI_File_read(c.file, c.data(), c.count(), c.type(), &c.status);
    case Form::kTogether:
      return MPI_File_read_all(c.file, c.data(), c.count(), c.type(), &c.status);
    case Form::kImmediate:
      return MPI_File_iread(c.file, c.data(), c.count(), c.type(), &c.a.request);
    case Form::kImmediateTogether:
      return MPI_File_iread_all(c.file, c.data(), c.count(), c.type(), &c.a.request);
    default:
      return MPI_File_read_all_begin(c.file, c.data(), c.count(), c.type());
  }
}

// In the order of the ranks: the plan knows who has which part.
int use_shared(Call& c) {
  if (c.a.form == Form::kSplit) {
    return c.a.writes ? MPI_File_write_ordered_begin(c.file, c.data(), c.count(), c.type())
                      : MPI_File_read_ordered_begin(c.file, c.data(), c.count(), c.type());
  }
  return c.a.writes ? MPI_File_write_ordered(c.file, c.data(), c.count(), c.type(), &c.status)
                    : MPI_File_read_ordered(c.file, c.data(), c.count(), c.type(), &c.status);
}

int end_split(Call& c) {
  if (c.a.place == Place::kShared) {
    return c.a.writes ? MPI_File_write_ordered_end(c.file, c.data(), &c.status)
                      : MPI_File_read_ordered_end(c.file, c.data(), &c.status);
  }
  if (c.a.place == Place::kPointer) {
    return c.a.writes ? MPI_File_write_all_end(c.file, c.data(), &c.status)
                      : MPI_File_read_all_end(c.file, c.data(), &c.status);
  }
  return c.a.writes ? MPI_File_write_at_all_end(c.file, c.data(), &c.status)
                    : MPI_File_read_at_all_end(c.file, c.data(), &c.status);
}

void verify(State& s, const OpenFile& f, Access& a, const MPI_Status& status) {
  int count = -1;
  must(MPI_Get_count(&status, MPI_BYTE, &count));
  // ROMIO says anything of an access to nothing that does not wait.
  require(
      a.buffer->bytes() == 0 || static_cast<std::size_t>(count) == a.buffer->bytes(),
      "an access to a file says " + std::to_string(count) + " bytes, the plan " + std::to_string(a.buffer->bytes()));
  if (a.writes) return;
  auto got = a.buffer->gather(a.buffer->bytes());
  OpenFile::forget_holes(got, a.want, a.known);
  s.ledger.received_result(mix(a.key, static_cast<std::uint64_t>(f.me)), got.data(), a.want.data(), got.size());
}

void close_split(State& s, OpenFile& f) {
  if (!f.split) return;
  if (f.me >= 0) {
    Call c{f.handle, *f.split, 0, {}};
    must(end_split(c));
    verify(s, f, *f.split, c.status);
  }
  f.split.reset();
}

void complete_pending(State& s, OpenFile& f) {
  for (auto& a : f.pending) {
    if (f.me < 0) continue;
    MPI_Status status{};
    int flag = 0;
    if (s.local.chance(50)) {
      must(MPI_Wait(&a->request, &status));
    } else {
      while (!flag) must(MPI_Test(&a->request, &flag, &status));
    }
    verify(s, f, *a, status);
  }
  f.pending.clear();
}

// A write goes behind all that has been written, in each member's view; a read where the plan likes.
void draw_places(State& s, const OpenFile& f, Access& a) {
  const auto n = static_cast<std::size_t>(f.size());
  const std::size_t seen = f.block == 0 ? f.end : f.end <= f.begin ? 0 : (f.end - f.begin) / (f.block * n) * f.block;
  const std::size_t most = std::min<std::size_t>(s.bytes(), 40000) / 8 + 1;
  std::size_t next = f.block == 0       ? f.end
                     : f.end <= f.begin ? 0
                                        : (f.end - f.begin + f.block * n - 1) / (f.block * n) * f.block;
  next = (next + 7) / 8 * 8;
  std::size_t next_shared = f.shared;
  for (std::size_t m = 0; m < n; ++m) {
    std::size_t length = s.plan.chance(8) ? 0 : static_cast<std::size_t>(s.plan.below(static_cast<int>(most))) * 8;
    std::size_t offset = next;
    if (a.writes) {
      if (f.block == 0) next += length;
    } else {
      offset = a.place == Place::kShared ? next_shared
                                         : static_cast<std::size_t>(s.plan.below(static_cast<int>(seen / 8) + 1)) * 8;
      length = std::min(length, (seen - std::min(seen, offset)) / 8 * 8);
    }
    next_shared += length;
    a.offsets.push_back(offset);
    a.bytes.push_back(length);
  }
}

std::unique_ptr<Access> draw(State& s, const OpenFile& f) {
  auto a = std::make_unique<Access>();
  a->key = s.key();
  a->writes = f.end == 0 || s.plan.chance(55);
  a->form = static_cast<Form>(s.plan.below(5));
  a->place = static_cast<Place>(s.plan.below(f.block == 0 ? 3 : 2));
  // ROMIO 3.2.1 crashes with non-blocking collective ones.
  if (a->form == Form::kImmediateTogether && s.options.no_file_icollective) a->form = Form::kSplit;
  if (a->place == Place::kShared && a->form != Form::kSplit) a->form = Form::kTogether;
  draw_places(s, f, *a);
  return a;
}

void happen(State& s, OpenFile& f, Access& a) {
  for (int m = 0; m < f.size(); ++m) {
    const auto i = static_cast<std::size_t>(m);
    const auto key = mix(a.key, i);
    Bytes content(a.bytes[i]);
    if (a.writes) content = pattern(a.bytes[i], key);
    std::vector<bool> known(content.size(), true);
    for (std::size_t k = 0; k < content.size(); ++k) {
      const auto at = f.place(m, a.offsets[i] + k);
      if (a.writes) {
        if (f.model.size() <= at) f.model.resize(at + 1, 0);
        f.written.resize(f.model.size(), false);
        f.model[at] = content[k];
        f.written[at] = true;
      } else {
        known[k] = at < f.model.size() && f.written[at];
        content[k] = known[k] ? f.model[at] : 0;
      }
    }
    if (!a.writes) s.ledger.planned_result(f.members[i], key, content.data(), content.size());
    if (m != f.me) continue;
    a.want = content;
    a.known = known;
  }
  f.end = std::max(f.end, f.model.size());
}

// The pointers, set where they are not there already.
void point(OpenFile& f, const Access& a) {
  if (a.place == Place::kPointer) {
    for (std::size_t m = 0; m < f.pointers.size(); ++m) {
      const auto offset = static_cast<MPI_Offset>(a.offsets[m] / f.unit);
      if (f.pointers[m] != a.offsets[m] && static_cast<int>(m) == f.me)
        must(MPI_File_seek(f.handle, offset, MPI_SEEK_SET));
      f.pointers[m] = a.offsets[m] + a.bytes[m];
    }
  }
  if (a.place != Place::kShared) return;
  const auto offset = static_cast<MPI_Offset>(a.offsets[0] / f.unit);
  if (f.shared != a.offsets[0] && f.me >= 0) must(MPI_File_seek_shared(f.handle, offset, MPI_SEEK_SET));
  f.shared = a.offsets.back() + a.bytes.back();
}

void begin(State& s, const OpenFile& f, Access& a) {
  const auto i = static_cast<std::size_t>(f.me);
  auto type = std::make_shared<Type>();
  if (f.unit == 8) {
    type->handle = type->base = MPI_UINT64_T;
    type->base_size = type->extent = type->size = 8;
    type->blocks = {{0, 8}};
  }
  a.buffer = std::make_unique<Buffer>(f.unit == 8 ? type : nullptr, static_cast<int>(a.bytes[i] / f.unit));
  if (a.writes) a.buffer->fill(mix(a.key, i));
  Call c{f.handle, a, static_cast<MPI_Offset>(a.offsets[i] / f.unit), {}};
  if (s.options.trace) {
    std::fprintf(stderr, "TRACE rank %d %s place %d form %d: %zu bytes at %zu\n", s.rank, a.writes ? "writes" : "reads",
                 static_cast<int>(a.place), static_cast<int>(a.form), a.bytes[i], a.offsets[i]);
  }
  must(a.place == Place::kShared     ? use_shared(c)
       : a.place == Place::kExplicit ? (a.writes ? write_explicit(c) : read_explicit(c))
                                     : (a.writes ? write_pointer(c) : read_pointer(c)));
  if (a.form == Form::kAlone || a.form == Form::kTogether) verify(s, f, a, c.status);
}

}  // namespace

void finish_accesses(State& s, OpenFile& f) {
  close_split(s, f);
  // OMPIO allows no MPI_File_sync while something is pending on any file.
  for (auto& other : s.files) complete_pending(s, *other);
  if (f.me < 0) return;
  must(MPI_File_sync(f.handle));
  must(MPI_Barrier(f.comm));
  must(MPI_File_sync(f.handle));
}

void access_file(State& s, OpenFile& f) {
  auto a = draw(s, f);
  const bool ends = s.plan.chance(30) || f.pending.size() >= kMostPending;
  if (!a->writes) {
    finish_accesses(s, f);
  } else if (a->collective() || a->place == Place::kShared) {
    close_split(s, f);
  }
  if (ends) complete_pending(s, f);
  // Only then is it told what is where: the reads above have been planned with what they find.
  happen(s, f, *a);
  point(f, *a);
  if (f.me >= 0) begin(s, f, *a);
  if (a->form == Form::kSplit) {
    f.split = std::move(a);
  } else if (a->form != Form::kAlone && a->form != Form::kTogether) {
    f.pending.push_back(std::move(a));
  }
}

}  // namespace cairn::random_program
