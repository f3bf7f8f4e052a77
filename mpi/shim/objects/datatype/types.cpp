// SPDX-License-Identifier: Apache-2.0
#include "mpi/shim/objects/datatype/types.hpp"

#include <algorithm>
#include <unordered_map>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/made.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/pool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

struct TypeTable {
  std::unordered_map<const void*, MPI_Datatype> by_real;
  std::vector<TypeRecipe*> recipes;  // unordered
  std::uint64_t serial = 0;
};

TypeTable& table() {
  static auto* const instance = new TypeTable;
  return *instance;
}

RealDatatype* child_real(const TypeChild& child) noexcept {
  return child.predefined != nullptr || child.recipe == nullptr ? to_real(child.predefined) : child.recipe->real;
}

int build_indexed(TypeRecipe& r, RealDatatype* old) {
  const int* i = r.integers.data();
  const int count = i[0];
  const int n = std::max(count, 0);
  const MPI_Aint* a = r.addresses.data();
  switch (r.combiner) {
    case MPI_COMBINER_INDEXED:
      return cross(real.Type_indexed, count, i + 1, i + 1 + n, old, &r.real);
    case MPI_COMBINER_HINDEXED:
      return cross(real.Type_create_hindexed, count, i + 1, a, old, &r.real);
    case MPI_COMBINER_INDEXED_BLOCK:
      return cross(real.Type_create_indexed_block, count, i[1], i + 2, old, &r.real);
    default:
      return cross(real.Type_create_hindexed_block, count, i[1], a, old, &r.real);
  }
}

int build_struct(TypeRecipe& r) {
  std::vector<RealDatatype*> types(r.children.size() + 1);
  for (std::size_t k = 0; k < r.children.size(); ++k) types[k] = child_real(r.children[k]);
  return cross(real.Type_create_struct, r.integers[0], r.integers.data() + 1, r.addresses.data(), types.data(),
               &r.real);
}

int build_array(TypeRecipe& r, RealDatatype* old) {
  const int* i = r.integers.data();
  if (r.combiner == MPI_COMBINER_SUBARRAY) {
    const int n = std::max(i[0], 0);
    return cross(real.Type_create_subarray, i[0], i + 1, i + 1 + n, i + 1 + 2 * n, i[1 + 3 * n], old, &r.real);
  }
  const int n = std::max(i[2], 0);
  return cross(real.Type_create_darray, i[0], i[1], i[2], i + 3, i + 3 + n, i + 3 + 2 * n, i + 3 + 3 * n, i[3 + 4 * n],
               old, &r.real);
}

// Nobody needs the real datatype any more.
void free_real(TypeRecipe& recipe) {
  if (recipe.real == nullptr || recipe.permanent) return;
  table().by_real.erase(recipe.real);
  RealDatatype* gone = recipe.real;
  recipe.real = nullptr;
  cross(real.Type_free, &gone);
}

// Parts whose handles were freed have no real datatype: they get one for the time of building something of them.
class PartsPresent {
 public:
  explicit PartsPresent(const TypeRecipe& recipe) {
    for (const TypeChild& child : recipe.children) add(child.recipe);
  }
  ~PartsPresent() {
    for (TypeRecipe* recipe : made_) free_real(*recipe);
  }
  PartsPresent(const PartsPresent&) = delete;
  PartsPresent& operator=(const PartsPresent&) = delete;

 private:
  void add(TypeRecipe* recipe) {
    if (recipe == nullptr || recipe->real != nullptr) return;
    for (const TypeChild& child : recipe->children) add(child.recipe);
    if (recipe_build(*recipe) == MPI_SUCCESS) made_.push_back(recipe);
  }
  std::vector<TypeRecipe*> made_;
};

void register_recipe(TypeRecipe* recipe) {
  recipe->serial = ++table().serial;
  table().recipes.push_back(recipe);
}

}  // namespace

TypeChild child_of(MPI_Datatype type) noexcept {
  if (type == nullptr || type->recipe == nullptr) return {type, nullptr};
  const TableLock lock;
  ++type->recipe->references;
  return {nullptr, type->recipe};
}

int recipe_build(TypeRecipe& r) {
  const int* i = r.integers.data();
  RealDatatype* old = r.children.empty() ? nullptr : child_real(r.children[0]);
  switch (r.combiner) {
    case MPI_COMBINER_DUP:
      return cross(real.Type_dup, old, &r.real);
    case MPI_COMBINER_CONTIGUOUS:
      return cross(real.Type_contiguous, i[0], old, &r.real);
    case MPI_COMBINER_VECTOR:
      return cross(real.Type_vector, i[0], i[1], i[2], old, &r.real);
    case MPI_COMBINER_HVECTOR:
      return cross(real.Type_create_hvector, i[0], i[1], r.addresses[0], old, &r.real);
    case MPI_COMBINER_STRUCT:
      return build_struct(r);
    case MPI_COMBINER_SUBARRAY:
    case MPI_COMBINER_DARRAY:
      return build_array(r, old);
    case MPI_COMBINER_F90_REAL:
      return cross(real.Type_create_f90_real, i[0], i[1], &r.real);
    case MPI_COMBINER_F90_COMPLEX:
      return cross(real.Type_create_f90_complex, i[0], i[1], &r.real);
    case MPI_COMBINER_F90_INTEGER:
      return cross(real.Type_create_f90_integer, i[0], &r.real);
    case MPI_COMBINER_RESIZED:
      return cross(real.Type_create_resized, old, r.addresses[0], r.addresses[1], &r.real);
    default:
      return build_indexed(r, old);
  }
}

void recipe_drop(TypeRecipe* recipe) {
  const TableLock lock;
  if (recipe == nullptr || --recipe->references != 0) return;
  free_real(*recipe);
  auto& all = table().recipes;
  if (auto at = std::find(all.begin(), all.end(), recipe); at != all.end()) {
    *at = all.back();
    all.pop_back();
  }
  for (const TypeChild& child : recipe->children) recipe_drop(child.recipe);
  forget_layout(recipe->layout);
  delete recipe;
}

MPI_Datatype recipe_handle(TypeRecipe* recipe) {
  const TableLock lock;
  ++recipe->handle_uses;
  if (recipe->handle != nullptr) return recipe->handle;
  if (recipe->real == nullptr) {
    // The application freed its handle, but asks what another datatype is made of.
    const PartsPresent parts(*recipe);
    if (recipe_build(*recipe) != MPI_SUCCESS) return MPI_DATATYPE_NULL;
    if (recipe->committed) cross(real.Type_commit, &recipe->real);
  }
  MPI_Datatype handle = store<ompi_datatype_t>().pool.allocate(Kind::datatype);
  handle->real = recipe->real;
  handle->recipe = recipe;
  recipe->handle = handle;
  ++recipe->references;
  table().by_real[recipe->real] = handle;
  return handle;
}

namespace {

// The application has freed it, and no operation needs it any more.
void handle_drop(TypeRecipe* recipe) {
  MPI_Datatype handle = recipe->handle;
  recipe->handle = nullptr;
  handle->recipe = nullptr;
  store<ompi_datatype_t>().pool.release(handle, real_objects.datatype_null);
  free_real(*recipe);
  recipe_drop(recipe);
}

}  // namespace

int type_add(TypeRecipe* recipe, MPI_Datatype* newtype) {
  const TableLock lock;  // the parts may be another thread's, too
  recipe->real = Made<ompi_datatype_t>::untouched();
  const int rc = newtype == nullptr ? MPI_ERR_TYPE : recipe_build(*recipe);
  if (rc == MPI_SUCCESS) {
    register_recipe(recipe);
    *newtype = recipe_handle(recipe);
  } else {
    if (recipe->real != Made<ompi_datatype_t>::untouched()) *newtype = MPI_DATATYPE_NULL;
    recipe->real = nullptr;
    ++recipe->references;
    recipe_drop(recipe);
  }
  return rc;
}

int type_make(TypeRecipe* recipe, MPI_Datatype* newtype, const char* name) {
  return brief_call(MPI_COMM_WORLD, name, [&] { return type_add(recipe, newtype); });
}

MPI_Datatype from_real(RealDatatype* wanted) noexcept {
  const TableLock lock;
  const auto found = table().by_real.find(wanted);
  return found == table().by_real.end() ? nullptr : found->second;
}

void datatype_rebind() noexcept {
  store<ompi_datatype_t>().pool.rebind(real_objects.datatype_null);
  table().by_real.clear();
  for (int i = 0; i < predefined_count; ++i)
    if (predefined_objects[i].kind == Kind::datatype)
      table().by_real[predefined_objects[i].handle->real] = static_cast<MPI_Datatype>(predefined_objects[i].handle);
}

TypeHold type_hold(MPI_Datatype type) noexcept {
  if (type == nullptr || type->recipe == nullptr) return {type, nullptr};
  const TableLock lock;
  ++type->recipe->holds;
  return {nullptr, type->recipe};
}

RealDatatype* type_real(const TypeHold& hold) noexcept {
  return hold.recipe != nullptr ? hold.recipe->real : to_real(hold.predefined);
}

void type_release(TypeHold& hold) noexcept {
  TypeRecipe* recipe = hold.recipe;
  hold = {};
  if (recipe == nullptr) return;
  const TableLock lock;
  if (--recipe->holds == 0 && recipe->handle_uses == 0) handle_drop(recipe);
}

// In creation order: the parts of a datatype are older than itself. What only serves as a part is freed again.
int datatype_rebuild() {
  auto& all = table().recipes;
  std::sort(all.begin(), all.end(), [](const TypeRecipe* a, const TypeRecipe* b) { return a->serial < b->serial; });
  for (TypeRecipe* recipe : all) {
    if (const int rc = recipe_build(*recipe); rc != MPI_SUCCESS) return rc;
    if (recipe->committed) cross(real.Type_commit, &recipe->real);
  }
  for (TypeRecipe* recipe : all) {
    if (recipe->handle == nullptr) {
      free_real(*recipe);
      continue;
    }
    recipe->handle->real = recipe->real;
    table().by_real[recipe->real] = recipe->handle;
    if (recipe->handle->name[0] != '\0')
      cross(real.Type_set_name, recipe->real, static_cast<const char*>(recipe->handle->name));
  }
  return MPI_SUCCESS;
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

namespace {
bool derived(const MPI_Datatype* type) {
  return type != nullptr && *type != nullptr && (*type)->live && (*type)->recipe != nullptr;
}

// Neither freed before nor one that never is.
bool can_be_freed(const MPI_Datatype* type) {
  return derived(type) && (*type)->recipe->handle_uses != 0 && !(*type)->recipe->permanent;
}

bool is_last_use(TypeRecipe& recipe) {
  const TableLock lock;
  return --recipe.handle_uses == 0;
}

TypeHold hold_for_call(MPI_Datatype type) {
  const crcp::Brief brief;
  return type_hold(type);
}

}  // namespace

int PMPI_Type_commit(MPI_Datatype* type) {
  return brief_call(MPI_COMM_WORLD, "MPI_Type_commit", [&] {
    RealDatatype* real_type = type == nullptr ? nullptr : to_real(*type);
    const int rc = cross(real.Type_commit, type == nullptr ? nullptr : &real_type);
    if (rc == MPI_SUCCESS && derived(type)) (*type)->recipe->committed = true;
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Type_commit);

int PMPI_Type_free(MPI_Datatype* type) {
  if (!can_be_freed(type)) return raise(MPI_COMM_WORLD, MPI_ERR_TYPE, "MPI_Type_free");
  MPI_Datatype handle = *type;
  // Whoever else holds it may be done with it meanwhile: so this call is one that holds it.
  TypeHold hold = hold_for_call(handle);
  int rc = MPI_SUCCESS;
  if (is_last_use(*handle->recipe)) {
    rc = attributes_delete_all(attribute_owner(handle));
    if (rc != MPI_SUCCESS) ++handle->recipe->handle_uses;
  }
  {
    const crcp::Brief brief;
    type_release(hold);
  }
  if (rc != MPI_SUCCESS) return raise(MPI_COMM_WORLD, rc, "MPI_Type_free");
  *type = MPI_DATATYPE_NULL;
  return MPI_SUCCESS;
}
CAIRN_MPI_WEAK(MPI_Type_free);
