// SPDX-License-Identifier: Apache-2.0
// The operations of an epoch: drawn, begun, completed, compared.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests/mpi/random/window.hpp"

namespace cairn::random_program {

namespace {

std::shared_ptr<const Type> plain(MPI_Datatype handle, std::size_t size) {
  auto t = std::make_shared<Type>();
  t->handle = t->base = handle;
  t->base_size = t->extent = t->size = size;
  t->blocks = {{0, size}};
  return t;
}

std::shared_ptr<const Type> draw_word(State& s, bool at_least_four) {
  switch (s.plan.below(at_least_four ? 2 : 4)) {
    case 0:
      return plain(MPI_UINT64_T, 8);
    case 1:
      return plain(MPI_UINT32_T, 4);
    case 2:
      return plain(MPI_UINT16_T, 2);
    default:
      return plain(MPI_UINT8_T, 1);
  }
}

// What MPI allows on the base type, and has one result whatever the order. Sums of small numbers do not wrap in Open
// MPI 4.1.
MPI_Op draw_op(State& s, const Type& t) {
  static const std::vector<MPI_Op> small = {MPI_MAX, MPI_MIN, MPI_BXOR, MPI_BOR, MPI_BAND};
  static const std::vector<MPI_Op> numbers = {MPI_SUM, MPI_MAX, MPI_MIN, MPI_BXOR, MPI_BOR, MPI_BAND};
  static const std::vector<MPI_Op> bits = {MPI_BXOR, MPI_BOR, MPI_BAND};
  if (t.base == MPI_DOUBLE) return MPI_REPLACE;
  if (t.base == MPI_BYTE || t.base == MPI_INT) return s.plan.pick(bits);
  return s.plan.pick(t.base_size < 4 ? small : numbers);
}

// Where the bytes of the type map are in the target's part.
template <class Each>
void each_block(const Operation& o, Each&& each) {
  std::size_t in_order = 0;
  for (int i = 0; i < o.count; ++i) {
    for (const auto& b : o.type->blocks) {
      each(o.offset + static_cast<std::size_t>(i) * o.type->extent + b.offset, in_order, b.length);
      in_order += b.length;
    }
  }
}

Bytes taken(const Bytes& part, const Operation& o) {
  Bytes out(o.bytes());
  each_block(o,
             [&](std::size_t at, std::size_t i, std::size_t n) { std::memcpy(out.data() + i, part.data() + at, n); });
  return out;
}

void put_into(Bytes& part, const Operation& o, const Bytes& bytes) {
  each_block(o,
             [&](std::size_t at, std::size_t i, std::size_t n) { std::memcpy(part.data() + at, bytes.data() + i, n); });
}

std::uint64_t combined(MPI_Op op, std::uint64_t a, std::uint64_t b) {
  if (op == MPI_SUM) return a + b;
  if (op == MPI_MAX) return std::max(a, b);
  if (op == MPI_MIN) return std::min(a, b);
  if (op == MPI_BXOR) return a ^ b;
  if (op == MPI_BOR) return a | b;
  if (op == MPI_BAND) return a & b;
  return op == MPI_NO_OP ? a : b;
}

void accumulate(Bytes& into, const Bytes& give, MPI_Op op, std::size_t word) {
  for (std::size_t i = 0; i < into.size(); i += word) {
    std::uint64_t a = 0, b = 0;
    std::memcpy(&a, into.data() + i, word);
    std::memcpy(&b, give.data() + i, word);
    a = combined(op, a, b);
    std::memcpy(into.data() + i, &a, word);
  }
}

// The plan's copy of the target changes, and what comes back is known.
void happen(State& s, Window& w, Operation& o) {
  Bytes& part = w.model[static_cast<std::size_t>(o.target)];
  const Bytes before = taken(part, o);
  const Bytes give = pattern(o.bytes(), o.give_key);
  Bytes after = before;
  if (o.what == Rma::kPut) {
    after = give;
  } else if (o.what == Rma::kCompareAndSwap) {
    if (o.swaps) after = give;
    o.compare = before;
    if (!o.swaps) o.compare[0] = static_cast<unsigned char>(o.compare[0] + 1);
  } else if (o.what != Rma::kGet) {
    accumulate(after, give, o.op, o.type->base_size);
  }
  o.want = o.echo ? after : before;
  if (after != before) put_into(part, o, after);
  if (o.returns() || o.echo) {
    s.ledger.planned_result(w.members[static_cast<std::size_t>(o.origin)], o.key, o.want.data(), o.want.size());
  }
}

struct Call {
  Window& w;
  Operation& o;
  MPI_Aint at() const { return w.displacement(o.target, o.offset); }
  const void* from() const { return o.from->data(); }
  void* to() const { return o.to->data(); }
  MPI_Datatype give() const { return o.from->type(); }
  MPI_Datatype type() const { return o.type->handle; }
};

int data_call(const Call& c) {
  Operation& o = c.o;
  const MPI_Win w = c.w.handle;
  const int n = o.from->count();
  if (o.what == Rma::kPut) {
    return o.by_request ? MPI_Rput(c.from(), n, c.give(), o.target, c.at(), o.count, c.type(), w, &o.request)
                        : MPI_Put(c.from(), n, c.give(), o.target, c.at(), o.count, c.type(), w);
  }
  return o.by_request ? MPI_Rget(c.to(), n, c.give(), o.target, c.at(), o.count, c.type(), w, &o.request)
                      : MPI_Get(c.to(), n, c.give(), o.target, c.at(), o.count, c.type(), w);
}

int accumulate_call(const Call& c) {
  Operation& o = c.o;
  const MPI_Win w = c.w.handle;
  const int n = o.from->count(), t = o.target, m = o.count;
  if (o.what == Rma::kAccumulate) {
    return o.by_request ? MPI_Raccumulate(c.from(), n, c.give(), t, c.at(), m, c.type(), o.op, w, &o.request)
                        : MPI_Accumulate(c.from(), n, c.give(), t, c.at(), m, c.type(), o.op, w);
  }
  if (o.what == Rma::kFetchAndOp) return MPI_Fetch_and_op(c.from(), c.to(), c.type(), t, c.at(), o.op, w);
  if (o.what == Rma::kCompareAndSwap) {
    return MPI_Compare_and_swap(c.from(), o.compare.data(), c.to(), c.type(), t, c.at(), w);
  }
  const MPI_Datatype g = c.give(), y = c.type();
  return o.by_request ? MPI_Rget_accumulate(c.from(), n, g, c.to(), n, g, t, c.at(), m, y, o.op, w, &o.request)
                      : MPI_Get_accumulate(c.from(), n, g, c.to(), n, g, t, c.at(), m, y, o.op, w);
}

void verify(State& s, Operation& o) {
  if (o.verified) return;
  o.verified = true;
  if (!o.returns() && !o.echo) return;
  const auto got = o.to->gather(o.bytes());
  s.ledger.received_result(o.key, got.data(), o.want.data(), got.size());
}

void flush(const Window& w, const Operation& o) {
  if (o.flush == Flush::kTarget) must(MPI_Win_flush(o.target, w.handle));
  if (o.flush == Flush::kAll) must(MPI_Win_flush_all(w.handle));
  if (o.flush == Flush::kLocal) must(MPI_Win_flush_local(o.target, w.handle));
  if (o.flush == Flush::kLocalAll) must(MPI_Win_flush_local_all(w.handle));
}

const char* name_of(MPI_Op op) {
  static const std::pair<MPI_Op, const char*> names[] = {
      {MPI_SUM, "sum"}, {MPI_MAX, "max"},   {MPI_MIN, "min"},         {MPI_BXOR, "bxor"},
      {MPI_BOR, "bor"}, {MPI_BAND, "band"}, {MPI_REPLACE, "replace"}, {MPI_NO_OP, "no_op"}};
  for (const auto& n : names) {
    if (n.first == op) return n.second;
  }
  return "null";
}

void trace(const Operation& o) {
  static const char* const names[] = {"Put", "Get", "Accumulate", "Get_accumulate", "Fetch_and_op", "Compare_and_swap"};
  char base[MPI_MAX_OBJECT_NAME] = "";
  int length = 0;
  must(MPI_Type_get_name(o.type->base, base, &length));
  std::fprintf(stderr,
               "TRACE rank %d message %016llx: %s%s to %d at %zu, %d times %zu bytes of %s%s, op %s, flush %d%s\n",
               where.rank, static_cast<unsigned long long>(o.key), o.by_request ? "R" : "",
               names[static_cast<int>(o.what)], o.target, o.offset, o.count, o.type->size, base,
               o.scattered ? " scattered" : "", name_of(o.op), static_cast<int>(o.flush), o.echo ? ", echo" : "");
}

void begin(State& s, Window& w, Operation& o) {
  if (s.options.trace) trace(o);
  auto plain_type = plain(o.type->base, o.type->base_size);
  const auto& layout = o.scattered ? o.type : plain_type;
  const auto count = static_cast<int>(o.bytes() / layout->size);
  o.from = std::make_unique<Buffer>(layout, count);
  o.to = std::make_unique<Buffer>(layout, count);
  o.from->fill(o.give_key);
  const Call c{w, o};
  must(o.what == Rma::kPut || o.what == Rma::kGet ? data_call(c) : accumulate_call(c));
  if (o.flush == Flush::kNone) return;
  flush(w, o);
  // Complete at the origin: the memory is its own again.
  if (!o.by_request) o.from->fill(~o.give_key);
  if (o.echo) {
    must(MPI_Get(c.to(), count, c.give(), o.target, c.at(), o.count, c.type(), w.handle));
    must(MPI_Win_flush(o.target, w.handle));
  }
  if (!o.by_request) verify(s, o);
}

// Drawn by everybody; this rank keeps and begins its own.
void add(State& s, Window& w, const Operation& drawn) {
  auto o = std::make_unique<Operation>();
  o->what = drawn.what;
  o->origin = drawn.origin;
  o->target = drawn.target;
  o->offset = drawn.offset;
  o->type = drawn.type;
  o->count = drawn.count;
  o->op = drawn.op;
  o->key = s.key();
  o->give_key = s.key();
  o->scattered = s.plan.chance(40);
  o->swaps = s.plan.chance(60);
  const bool requests = o->what != Rma::kFetchAndOp && o->what != Rma::kCompareAndSwap;
  const bool asks = s.plan.chance(40);
  const bool flushes = s.plan.chance(40);
  const auto how = static_cast<Flush>(s.plan.between(1, 4));
  const bool echoes = s.plan.chance(50);
  if (w.epoch->passive()) {
    o->by_request = requests && asks;
    o->flush = flushes ? how : Flush::kNone;
    o->echo =
        o->what == Rma::kPut && !o->by_request && echoes && (how == Flush::kTarget || how == Flush::kAll) && flushes;
  }
  happen(s, w, *o);
  if (o->origin != w.me) return;
  begin(s, w, *o);
  w.epoch->own.push_back(std::move(o));
}

std::vector<int> origins_of(const Window& w, int target) {
  std::vector<int> origins;
  for (int o = 0; o < w.size(); ++o) {
    if (w.epoch->reaches[static_cast<std::size_t>(o)][static_cast<std::size_t>(target)]) origins.push_back(o);
  }
  return origins;
}

// A datatype of the program's or a plain one, and how many.
bool draw_place(State& s, Window& w, Operation& o) {
  o.type =
      !s.types.empty() && s.plan.chance(40) ? std::shared_ptr<const Type>(s.plan.pick(s.types)) : draw_word(s, false);
  if (o.type->size == 0) return false;
  const auto bytes = std::min<std::size_t>(s.bytes(), s.plan.chance(80) ? 2000 : 100000);
  o.count = std::max(1, static_cast<int>(bytes / o.type->extent));
  return reserve(s, w, o.target, static_cast<std::size_t>(o.count) * o.type->extent, &o.offset);
}

void draw_atomic(State& s, Window& w, Operation& o) {
  const bool compares = s.plan.chance(40);
  o.type = draw_word(s, compares);
  o.what = compares ? Rma::kCompareAndSwap : Rma::kFetchAndOp;
  o.op = draw_op(s, *o.type);
  const int times = s.plan.between(1, 4);
  if (!reserve(s, w, o.target, o.type->size, &o.offset)) return;
  for (int i = 0; i < times; ++i) add(s, w, o);
}

void draw_tickets(State& s, Window& w, int target, const std::vector<int>& origins) {
  auto t = std::make_unique<Tickets>();
  t->target = target;
  t->key = s.key();
  t->taken.assign(static_cast<std::size_t>(w.size()), 0);
  for (const int o : origins) t->taken[static_cast<std::size_t>(o)] = s.plan.below(6);
  if (!reserve(s, w, target, 8, &t->offset)) return;
  unsigned char* word = w.model[static_cast<std::size_t>(target)].data() + t->offset;
  std::memcpy(&t->base, word, 8);
  std::uint64_t next = t->base;
  for (const int n : t->taken) next += static_cast<std::uint64_t>(n);
  std::memcpy(word, &next, 8);
  if (w.me < 0) return;
  static const std::uint64_t one = 1;
  t->got.resize(static_cast<std::size_t>(t->taken[static_cast<std::size_t>(w.me)]));
  for (auto& got : t->got) {
    must(MPI_Fetch_and_op(&one, &got, MPI_UINT64_T, target, w.displacement(target, t->offset), MPI_SUM, w.handle));
  }
  w.epoch->tickets.push_back(std::move(t));
}

void draw_operation(State& s, Window& w, int target, const std::vector<int>& origins) {
  Operation o;
  o.target = target;
  o.origin = s.plan.pick(origins);
  const int dice = s.plan.below(100);
  if (dice < 15) {
    draw_atomic(s, w, o);
    return;
  }
  if (dice < 22) {
    draw_tickets(s, w, target, origins);
    return;
  }
  if (!draw_place(s, w, o)) return;
  o.op = draw_op(s, *o.type);
  if (dice < 75) {
    o.what = dice < 48 ? Rma::kPut : Rma::kGet;
    add(s, w, o);
  } else if (dice < 88 && o.op != MPI_REPLACE) {  // of all origins at once
    o.what = Rma::kAccumulate;
    for (const int origin : origins) {
      o.origin = origin;
      add(s, w, o);
    }
  } else {  // one after the other, of one origin
    const int times = s.plan.between(1, 3);
    for (int i = 0; i < times; ++i) {
      o.what = s.plan.chance(50) ? Rma::kGetAccumulate : Rma::kAccumulate;
      add(s, w, o);
    }
    o.what = Rma::kGetAccumulate;
    o.op = MPI_NO_OP;
    add(s, w, o);
  }
}

void draw_stores(State& s, Window& w, int target) {
  const int origin = s.plan.below(w.size());
  const auto bytes = static_cast<std::size_t>(s.plan.between(1, 4000));
  const auto key = s.key();
  std::size_t offset = 0;
  if (!reserve(s, w, target, bytes, &offset)) return;
  unsigned char* planned = w.model[static_cast<std::size_t>(target)].data() + offset;
  fill_pattern(planned, bytes, key);
  if (origin == w.me) std::memcpy(w.shared[static_cast<std::size_t>(target)] + offset, planned, bytes);
}

void verify_tickets(const Window& w, const Tickets& t) {
  std::vector<int> at;
  int all = 0;
  for (const int n : t.taken) {
    at.push_back(all);
    all += n;
  }
  std::vector<std::uint64_t> got(static_cast<std::size_t>(all));
  must(MPI_Allgatherv(t.got.data(), static_cast<int>(t.got.size()), MPI_UINT64_T, got.data(), t.taken.data(), at.data(),
                      MPI_UINT64_T, w.comm));
  for (auto& number : got) number -= t.base;  // they may begin below the greatest number there is
  std::sort(got.begin(), got.end());
  for (std::size_t i = 0; i < got.size(); ++i)
    require(got[i] == i, "numbers drawn from a word of a window are not each there once");
}

}  // namespace

bool reserve(State& s, Window& w, int target, std::size_t bytes, std::size_t* offset) {
  std::size_t& cursor = w.epoch->cursors[static_cast<std::size_t>(target)];
  const auto gap = static_cast<std::size_t>(s.plan.below(s.plan.chance(70) ? 4 : 60)) * 8;
  const std::size_t rounded = (bytes + 7) / 8 * 8;
  if (cursor + gap + rounded > w.part(target)) return false;
  *offset = cursor + gap;
  cursor += gap + rounded;
  return true;
}

void draw_operations(State& s, Window& w) {
  for (int target = 0; target < w.size(); ++target) {
    const auto origins = origins_of(w, target);
    const int n = s.plan.below(6);
    for (int i = 0; i < n && !origins.empty(); ++i) {
      if (w.epoch->kind == EpochKind::kStores) {
        draw_stores(s, w, target);
      } else {
        draw_operation(s, w, target, origins);
      }
    }
  }
}

void complete_requests(State& s, Window& w, bool some) {
  for (auto& o : w.epoch->own) {
    if (!o->by_request || o->request == MPI_REQUEST_NULL || (some && s.local.chance(60))) continue;
    MPI_Status status{};
    int flag = 0;
    if (s.local.chance(50)) {
      must(MPI_Wait(&o->request, &status));
    } else {
      while (!flag) must(MPI_Test(&o->request, &flag, &status));
    }
    o->from->fill(~o->give_key);
    verify(s, *o);
  }
}

void finish_operations(State& s, Window& w) {
  for (auto& o : w.epoch->own) verify(s, *o);
  w.epoch->own.clear();
  for (auto& t : w.epoch->tickets) verify_tickets(w, *t);
  w.epoch->tickets.clear();
}

}  // namespace cairn::random_program
