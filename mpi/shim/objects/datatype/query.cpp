// SPDX-License-Identifier: Apache-2.0
// What a datatype is made of, answered from its recipe; names; datatypes by size.
#include <algorithm>
#include <cstring>

#include "core/abi/host_table.h"
#include "mpi/shim/made.hpp"
#include "mpi/shim/objects/datatype/types.hpp"
#include "mpi/shim/objects/names.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn;
using namespace cairn::shim;

namespace {

template <class T>
void give(const std::vector<T>& from, T* to) {
  if (to != nullptr) std::copy(from.begin(), from.end(), to);
}

}  // namespace

int PMPI_Type_get_envelope(MPI_Datatype type, int* integers, int* addresses, int* datatypes, int* combiner) {
  if (!usable(type)) return raise(MPI_COMM_WORLD, MPI_ERR_TYPE, "MPI_Type_get_envelope");
  if (integers == nullptr || addresses == nullptr || datatypes == nullptr || combiner == nullptr)
    return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Type_get_envelope");
  const TypeRecipe* recipe = type->recipe;
  *combiner = recipe == nullptr ? MPI_COMBINER_NAMED : recipe->combiner;
  *integers = recipe == nullptr ? 0 : static_cast<int>(recipe->integers.size());
  *addresses = recipe == nullptr ? 0 : static_cast<int>(recipe->addresses.size());
  *datatypes = recipe == nullptr ? 0 : static_cast<int>(recipe->children.size());
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Type_get_envelope);

int PMPI_Type_get_contents(MPI_Datatype type, int max_integers, int max_addresses, int max_datatypes, int integers[],
                           MPI_Aint addresses[], MPI_Datatype datatypes[]) {
  if (!usable(type)) return raise(MPI_COMM_WORLD, MPI_ERR_TYPE, "MPI_Type_get_contents");
  const auto missing = [](int max, const void* array) { return max > 0 && array == nullptr; };
  if (missing(max_integers, integers) || missing(max_addresses, addresses) || missing(max_datatypes, datatypes))
    return raise(MPI_COMM_WORLD, MPI_ERR_ARG, "MPI_Type_get_contents");
  const auto fits = [](int max, std::size_t n) { return max >= 0 && n <= static_cast<std::size_t>(max); };
  if (type->recipe == nullptr || !fits(max_integers, type->recipe->integers.size()) ||
      !fits(max_addresses, type->recipe->addresses.size()) || !fits(max_datatypes, type->recipe->children.size()))
    return raise(MPI_COMM_WORLD, MPI_ERR_INTERN, "MPI_Type_get_contents");
  TypeRecipe& recipe = *type->recipe;
  give(recipe.integers, integers);
  give(recipe.addresses, addresses);
  const crcp::Brief brief;
  for (std::size_t i = 0; i < recipe.children.size() && datatypes != nullptr; ++i) {
    const TypeChild& child = recipe.children[i];
    datatypes[i] = child.recipe != nullptr ? recipe_handle(child.recipe) : child.predefined;
  }
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Type_get_contents);

int PMPI_Type_set_name(MPI_Datatype type, const char* name) {
  if (const int rc = name_set(type, name, "MPI_Type_set_name"); rc != MPI_SUCCESS) return rc;
  const crcp::Brief brief;
  return cross(real.Type_set_name, to_real(type), name);
}
CAIRN_MPI_WEAK(MPI_Type_set_name);

int PMPI_Type_get_name(MPI_Datatype type, char* name, int* length) {
  int rc = MPI_SUCCESS;
  if (type != nullptr && type->name[0] != '\0' && name != nullptr && length != nullptr) {
    std::strcpy(name, type->name);
    *length = static_cast<int>(std::strlen(name));
  } else {
    const crcp::Brief brief;
    rc = cross(real.Type_get_name, to_real(type), name, length);
  }
  return rc == MPI_SUCCESS ? rc : raise(MPI_COMM_WORLD, rc, "MPI_Type_get_name");
}
CAIRN_MPI_WEAK(MPI_Type_get_name);

int PMPI_Type_match_size(int typeclass, int size, MPI_Datatype* type) {
  return brief_call(MPI_COMM_WORLD, "MPI_Type_match_size", [&] {
    Made made(type);
    return made.settle(cross(real.Type_match_size, typeclass, size, made.place()),
                       [](RealDatatype* found) { return from_real(found); });
  });
}
CAIRN_MPI_WEAK(MPI_Type_match_size);

// libmpi_mpifh asks for a predefined datatype by kind and language in this way.
CAIRN_MPI_EXPORT MPI_Datatype ompi_datatype_match_size(int size, std::uint16_t kind, std::uint16_t language) {
  using Match = RealDatatype*(int, std::uint16_t, std::uint16_t);
  const crcp::Brief brief;
  const std::uint64_t guest = cairn_enter();
  auto* match = reinterpret_cast<Match*>(CAIRN_TABLE->dlsym("ompi_datatype_match_size"));
  RealDatatype* found = match == nullptr ? nullptr : match(size, kind, language);
  cairn_leave(guest);
  MPI_Datatype type = from_real(found);
  return type == nullptr ? MPI_DATATYPE_NULL : type;
}
