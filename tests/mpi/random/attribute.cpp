// SPDX-License-Identifier: Apache-2.0
// Attributes with copy and delete callbacks, and names, on communicators.
#include <cstdio>
#include <cstring>

#include "tests/mpi/random/state.hpp"

namespace cairn::random_program {

namespace {

struct Key {
  int handle = MPI_KEYVAL_INVALID;
  long set = 0, copied = 0, deleted = 0;
};
Key key;
char extra[] = "extra state";

int on_copy(MPI_Comm, int, void* state, void* in, void* out, int* flag) {
  require(state == extra, "a copy callback got another extra state");
  *static_cast<void**>(out) = static_cast<char*>(in) + 1;  // how a duplicate is told from the original
  *flag = 1;
  ++key.copied;
  return MPI_SUCCESS;
}

int on_delete(MPI_Comm, int, void*, void* state) {
  require(state == extra, "a delete callback got another extra state");
  ++key.deleted;
  return MPI_SUCCESS;
}

// The value is an address-like number made of the identity of the communicator and how often it was copied.
std::uint64_t value_for(int id) { return 0x1000u * static_cast<std::uint64_t>(id + 1); }

}  // namespace

// Values by communicator identity; the copies' are one more than the original's.
static std::vector<std::uint64_t> values;

static std::uint64_t& value_of(const Comm& c) {
  const auto i = static_cast<std::size_t>(c.id);
  if (values.size() <= i) values.resize(i + 1, 0);
  return values[i];
}

void check_attribute(State& s, Comm& c) {
  if (!s.mine(c) || key.handle == MPI_KEYVAL_INVALID) return;
  void* got = nullptr;
  int flag = 0;
  must(MPI_Comm_get_attr(c.handle, key.handle, &got, &flag));
  require((flag != 0) == c.attribute, "communicator " + std::to_string(c.id) +
                                          (flag ? " has an attribute that" : " lost an attribute that") +
                                          (c.attribute ? " was set" : " nobody set"));
  if (c.attribute) require(reinterpret_cast<std::uint64_t>(got) == value_of(c), "an attribute has another value");
}

void copied_attribute(State& s, const Comm& from, Comm& to) {
  to.attribute = from.attribute;
  if (from.attribute) value_of(to) = value_of(from) + 1;
  check_attribute(s, to);
}

void drop_attribute(Comm& c) {
  void* got = nullptr;
  int flag = 0;
  if (key.handle == MPI_KEYVAL_INVALID || c.handle == MPI_COMM_NULL) return;
  must(MPI_Comm_get_attr(c.handle, key.handle, &got, &flag));
  if (flag) must(MPI_Comm_delete_attr(c.handle, key.handle));
}

void step_attribute(State& s) {
  if (key.handle == MPI_KEYVAL_INVALID) must(MPI_Comm_create_keyval(on_copy, on_delete, &key.handle, extra));
  for (const auto& c : s.comms) check_attribute(s, *c);
  Comm& c = s.comm(1, false);
  const bool removes = c.attribute && s.plan.chance(40);
  char name[MPI_MAX_OBJECT_NAME] = "", got[MPI_MAX_OBJECT_NAME] = "";
  std::snprintf(name, sizeof name, "comm %d of step %d", c.id, where.step);
  if (s.mine(c)) {
    int length = 0;
    must(MPI_Comm_set_name(c.handle, name));
    must(MPI_Comm_get_name(c.handle, got, &length));
    require(std::strcmp(name, got) == 0, std::string("the name is ") + got);
    if (removes) {
      must(MPI_Comm_delete_attr(c.handle, key.handle));
    } else {
      must(MPI_Comm_set_attr(c.handle, key.handle, reinterpret_cast<void*>(value_for(c.id))));
      ++key.set;
    }
  }
  c.attribute = !removes;
  value_of(c) = value_for(c.id);
}

void check_attribute_deletions() {
  if (key.handle == MPI_KEYVAL_INVALID) return;
  int flag = 0;
  void* got = nullptr;
  must(MPI_Comm_get_attr(MPI_COMM_WORLD, key.handle, &got, &flag));
  if (flag) must(MPI_Comm_delete_attr(MPI_COMM_WORLD, key.handle));
  require(key.set + key.copied == key.deleted, std::to_string(key.set) + " attributes set and " +
                                                   std::to_string(key.copied) + " copied, but " +
                                                   std::to_string(key.deleted) + " deleted");
  must(MPI_Comm_free_keyval(&key.handle));
  key = Key{};
  values.clear();
}

}  // namespace cairn::random_program
