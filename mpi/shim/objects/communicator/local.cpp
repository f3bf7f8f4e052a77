// SPDX-License-Identifier: Apache-2.0
// What can be said about a communicator without asking the real library.
#include <algorithm>
#include <vector>

#include "mpi/shim/objects/ask.hpp"
#include "mpi/shim/objects/names.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

// Before MPI_Init and after MPI_Finalize the real library ends the program with its own words.
bool answerable(MPI_Comm comm) { return usable(comm) && comm->members != nullptr; }

int compare_lists(const MemberList* a, const MemberList* b) {
  if (a == b) return MPI_CONGRUENT;
  const int na = a == nullptr ? 0 : a->size, nb = b == nullptr ? 0 : b->size;
  if (na != nb) return MPI_UNEQUAL;
  if (std::equal(a->world, a->world + na, b->world)) return MPI_CONGRUENT;
  std::vector<std::int32_t> x(a->world, a->world + na), y(b->world, b->world + nb);
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  return x == y ? MPI_SIMILAR : MPI_UNEQUAL;
}

}  // namespace

int PMPI_Comm_rank(MPI_Comm comm, int* rank) {
  if (__builtin_expect(answerable(comm) && rank != nullptr, 1)) {
    *rank = comm->rank;
    return MPI_SUCCESS;
  }
  return brief_call(comm, "MPI_Comm_rank", [&] { return cross(real.Comm_rank, to_real(comm), rank); });
}
CAIRN_MPI_WEAK(MPI_Comm_rank);

int PMPI_Comm_size(MPI_Comm comm, int* size) {
  if (__builtin_expect(answerable(comm) && size != nullptr, 1)) {
    *size = comm->size;
    return MPI_SUCCESS;
  }
  return brief_call(comm, "MPI_Comm_size", [&] { return cross(real.Comm_size, to_real(comm), size); });
}
CAIRN_MPI_WEAK(MPI_Comm_size);

int PMPI_Comm_remote_size(MPI_Comm comm, int* size) {
  if (answerable(comm) && comm->inter && size != nullptr) {
    *size = comm->remote_size;
    return MPI_SUCCESS;
  }
  return brief_call(comm, "MPI_Comm_remote_size", [&] { return cross(real.Comm_remote_size, to_real(comm), size); });
}
CAIRN_MPI_WEAK(MPI_Comm_remote_size);

int PMPI_Comm_test_inter(MPI_Comm comm, int* flag) {
  if (answerable(comm) && flag != nullptr) {
    *flag = comm->inter;
    return MPI_SUCCESS;
  }
  return brief_call(comm, "MPI_Comm_test_inter", [&] { return cross(real.Comm_test_inter, to_real(comm), flag); });
}
CAIRN_MPI_WEAK(MPI_Comm_test_inter);

int PMPI_Comm_compare(MPI_Comm a, MPI_Comm b, int* result) {
  if (!answerable(a) || !answerable(b) || result == nullptr)
    return brief_call(answerable(a) && answerable(b) ? a : MPI_COMM_WORLD, "MPI_Comm_compare",
                      [&] { return cross(real.Comm_compare, to_real(a), to_real(b), result); });
  if (a == b) {
    *result = MPI_IDENT;
  } else if (a->inter != b->inter) {
    *result = MPI_UNEQUAL;
  } else {
    *result = compare_lists(a->members, b->members);
    if (a->inter) *result = std::max(*result, compare_lists(a->remote_members, b->remote_members));
  }
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Comm_compare);

int PMPI_Comm_set_name(MPI_Comm comm, const char* name) { return name_set(comm, name, "MPI_Comm_set_name"); }
CAIRN_MPI_WEAK(MPI_Comm_set_name);

int PMPI_Comm_get_name(MPI_Comm comm, char* name, int* length) {
  return name_get(comm, name, length, "MPI_Comm_get_name");
}
CAIRN_MPI_WEAK(MPI_Comm_get_name);

int PMPI_Comm_group(MPI_Comm comm, MPI_Group* group) {
  return ask_group(comm, &RealFunctions::Comm_group, group, &ompi_communicator_t::members, "MPI_Comm_group");
}
CAIRN_MPI_WEAK(MPI_Comm_group);

int PMPI_Comm_remote_group(MPI_Comm comm, MPI_Group* group) {
  return ask_group(comm, &RealFunctions::Comm_remote_group, group, &ompi_communicator_t::remote_members,
                   "MPI_Comm_remote_group");
}
CAIRN_MPI_WEAK(MPI_Comm_remote_group);

// The library drops hints that it does not know, but those that a communicator is made with: what it has is asked, and
// told again after a restart, whose library has not got them.
ompi_info_t* cairn::shim::comm_hints(ompi_communicator_t* comm) {
  RealInfo* now = nullptr;
  return cross(real.Comm_get_info, to_real(comm), &now) == MPI_SUCCESS ? info_adopt(now) : nullptr;
}

int PMPI_Comm_set_info(MPI_Comm comm, MPI_Info info) {
  int rc;
  {
    CollectiveScope scope(comm, "MPI_Comm_set_info");
    const InfoScope real_info(info);
    rc = cross(real.Comm_set_info, to_real(comm), real_info.get());
    if (rc == MPI_SUCCESS) {
      ompi_info_t* const now = comm_hints(comm);
      info_add(comm->info, now);
      info_drop(now);
    }
  }
  return rc == MPI_SUCCESS ? rc : raise(rc == MPI_ERR_INFO ? MPI_COMM_WORLD : comm, rc, "MPI_Comm_set_info");
}
CAIRN_MPI_WEAK(MPI_Comm_set_info);

int PMPI_Comm_get_info(MPI_Comm comm, MPI_Info* info) {
  if (info != nullptr && usable(comm) && comm->info != nullptr) {
    *info = info_copy(comm->info);
    return MPI_SUCCESS;
  }
  ompi_communicator_t* const told = info == nullptr ? MPI_COMM_WORLD : comm;
  return ask_info(comm, told, &RealFunctions::Comm_get_info, info, "MPI_Comm_get_info");
}
CAIRN_MPI_WEAK(MPI_Comm_get_info);
