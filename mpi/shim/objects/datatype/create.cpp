// SPDX-License-Identifier: Apache-2.0
// The constructors of datatypes: each writes down its arguments; recipe_build() makes the call.
#include <algorithm>

#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/objects/datatype/types.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

using namespace cairn::shim;

namespace {

// Collects arguments; a missing array leaves the recipe invalid, which the caller reports.
class Writer {
 public:
  explicit Writer(int combiner) : recipe_(new TypeRecipe) { recipe_->combiner = combiner; }
  Writer& add(int value) {
    recipe_->integers.push_back(value);
    return *this;
  }
  Writer& add(const int* values, int count) {
    if (values == nullptr && count > 0) missing_ = true;
    if (values != nullptr && count > 0) recipe_->integers.insert(recipe_->integers.end(), values, values + count);
    return *this;
  }
  Writer& add(const MPI_Aint* values, int count) {
    if (values == nullptr && count > 0) missing_ = true;
    if (values != nullptr && count > 0) recipe_->addresses.insert(recipe_->addresses.end(), values, values + count);
    return *this;
  }
  Writer& address(MPI_Aint value) {
    recipe_->addresses.push_back(value);
    return *this;
  }
  Writer& of(MPI_Datatype type) {
    recipe_->children.push_back(child_of(type));
    return *this;
  }
  Writer& of(const MPI_Datatype* types, int count) {
    if (types == nullptr && count > 0) missing_ = true;
    for (int i = 0; types != nullptr && i < count; ++i) of(types[i]);
    return *this;
  }
  int make(MPI_Datatype* newtype, const char* name) {
    if (!missing_) return type_make(recipe_, newtype, name);
    ++recipe_->references;
    recipe_drop(recipe_);
    return raise(MPI_COMM_WORLD, MPI_ERR_ARG, name);
  }

 private:
  TypeRecipe* recipe_;
  bool missing_ = false;
};

}  // namespace

int PMPI_Type_contiguous(int count, MPI_Datatype old, MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_CONTIGUOUS).add(count).of(old).make(newtype, "MPI_Type_contiguous");
}
CAIRN_MPI_WEAK(MPI_Type_contiguous);

int PMPI_Type_vector(int count, int blocklength, int stride, MPI_Datatype old, MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_VECTOR).add(count).add(blocklength).add(stride).of(old).make(newtype, "MPI_Type_vector");
}
CAIRN_MPI_WEAK(MPI_Type_vector);

namespace {
int hvector(int count, int blocklength, MPI_Aint stride, MPI_Datatype old, MPI_Datatype* newtype, const char* name) {
  return Writer(MPI_COMBINER_HVECTOR).add(count).add(blocklength).address(stride).of(old).make(newtype, name);
}

int hindexed(int count, const int* lengths, const MPI_Aint* displacements, MPI_Datatype old, MPI_Datatype* newtype,
             const char* name) {
  return Writer(MPI_COMBINER_HINDEXED)
      .add(count)
      .add(lengths, count)
      .add(displacements, count)
      .of(old)
      .make(newtype, name);
}

int structure(int count, const int* lengths, const MPI_Aint* displacements, const MPI_Datatype* types,
              MPI_Datatype* newtype, const char* name) {
  return Writer(MPI_COMBINER_STRUCT)
      .add(count)
      .add(lengths, count)
      .add(displacements, count)
      .of(types, count)
      .make(newtype, name);
}
}  // namespace

int PMPI_Type_create_hvector(int count, int blocklength, MPI_Aint stride, MPI_Datatype old, MPI_Datatype* newtype) {
  return hvector(count, blocklength, stride, old, newtype, "MPI_Type_create_hvector");
}
CAIRN_MPI_WEAK(MPI_Type_create_hvector);

int PMPI_Type_hvector(int count, int blocklength, MPI_Aint stride, MPI_Datatype old, MPI_Datatype* newtype) {
  return hvector(count, blocklength, stride, old, newtype, "MPI_Type_hvector");
}
CAIRN_MPI_WEAK(MPI_Type_hvector);

int PMPI_Type_indexed(int count, const int lengths[], const int displacements[], MPI_Datatype old,
                      MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_INDEXED)
      .add(count)
      .add(lengths, count)
      .add(displacements, count)
      .of(old)
      .make(newtype, "MPI_Type_indexed");
}
CAIRN_MPI_WEAK(MPI_Type_indexed);

int PMPI_Type_create_hindexed(int count, const int lengths[], const MPI_Aint displacements[], MPI_Datatype old,
                              MPI_Datatype* newtype) {
  return hindexed(count, lengths, displacements, old, newtype, "MPI_Type_create_hindexed");
}
CAIRN_MPI_WEAK(MPI_Type_create_hindexed);

int PMPI_Type_hindexed(int count, int lengths[], MPI_Aint displacements[], MPI_Datatype old, MPI_Datatype* newtype) {
  return hindexed(count, lengths, displacements, old, newtype, "MPI_Type_hindexed");
}
CAIRN_MPI_WEAK(MPI_Type_hindexed);

int PMPI_Type_create_indexed_block(int count, int blocklength, const int displacements[], MPI_Datatype old,
                                   MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_INDEXED_BLOCK)
      .add(count)
      .add(blocklength)
      .add(displacements, count)
      .of(old)
      .make(newtype, "MPI_Type_create_indexed_block");
}
CAIRN_MPI_WEAK(MPI_Type_create_indexed_block);

int PMPI_Type_create_hindexed_block(int count, int blocklength, const MPI_Aint displacements[], MPI_Datatype old,
                                    MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_HINDEXED_BLOCK)
      .add(count)
      .add(blocklength)
      .add(displacements, count)
      .of(old)
      .make(newtype, "MPI_Type_create_hindexed_block");
}
CAIRN_MPI_WEAK(MPI_Type_create_hindexed_block);

int PMPI_Type_create_struct(int count, const int lengths[], const MPI_Aint displacements[], const MPI_Datatype types[],
                            MPI_Datatype* newtype) {
  return structure(count, lengths, displacements, types, newtype, "MPI_Type_create_struct");
}
CAIRN_MPI_WEAK(MPI_Type_create_struct);

int PMPI_Type_struct(int count, int lengths[], MPI_Aint displacements[], MPI_Datatype types[], MPI_Datatype* newtype) {
  return structure(count, lengths, displacements, types, newtype, "MPI_Type_struct");
}
CAIRN_MPI_WEAK(MPI_Type_struct);

int PMPI_Type_create_subarray(int ndims, const int sizes[], const int subsizes[], const int starts[], int order,
                              MPI_Datatype old, MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_SUBARRAY)
      .add(ndims)
      .add(sizes, ndims)
      .add(subsizes, ndims)
      .add(starts, ndims)
      .add(order)
      .of(old)
      .make(newtype, "MPI_Type_create_subarray");
}
CAIRN_MPI_WEAK(MPI_Type_create_subarray);

int PMPI_Type_create_darray(int size, int rank, int ndims, const int gsizes[], const int distribs[], const int dargs[],
                            const int psizes[], int order, MPI_Datatype old, MPI_Datatype* newtype) {
  Writer writer(MPI_COMBINER_DARRAY);
  writer.add(size)
      .add(rank)
      .add(ndims)
      .add(gsizes, ndims)
      .add(distribs, ndims)
      .add(dargs, ndims)
      .add(psizes, ndims)
      .add(order)
      .of(old);
  return writer.make(newtype, "MPI_Type_create_darray");
}
CAIRN_MPI_WEAK(MPI_Type_create_darray);

int PMPI_Type_create_resized(MPI_Datatype old, MPI_Aint lb, MPI_Aint extent, MPI_Datatype* newtype) {
  return Writer(MPI_COMBINER_RESIZED).address(lb).address(extent).of(old).make(newtype, "MPI_Type_create_resized");
}
CAIRN_MPI_WEAK(MPI_Type_create_resized);

int PMPI_Type_dup(MPI_Datatype old, MPI_Datatype* newtype) {
  if (const int rc = Writer(MPI_COMBINER_DUP).of(old).make(newtype, "MPI_Type_dup"); rc != MPI_SUCCESS) return rc;
  // A duplicate of a committed datatype is committed, and has its attributes.
  (*newtype)->recipe->committed = old->recipe == nullptr || old->recipe->committed;
  const int rc = attributes_copy(attribute_owner(old), attribute_owner(*newtype));
  if (rc == MPI_SUCCESS) return rc;
  PMPI_Type_free(newtype);
  return raise(MPI_COMM_WORLD, rc, "MPI_Type_dup");
}
CAIRN_MPI_WEAK(MPI_Type_dup);

// ---- Fortran 90 parametrised types: the same call gives the same datatype, which is never freed --------------------
namespace {

// One list for all threads: what is not in it is made before another one looks.
int find_or_make(int combiner, std::vector<int> integers, MPI_Datatype* newtype) {
  static auto* const made = new std::vector<TypeRecipe*>;
  const TableLock lock;
  for (const TypeRecipe* recipe : *made)
    if (newtype != nullptr && recipe->combiner == combiner && recipe->integers == integers) {
      *newtype = recipe->handle;
      return MPI_SUCCESS;
    }
  auto* recipe = new TypeRecipe;
  recipe->combiner = combiner;
  recipe->integers = std::move(integers);
  recipe->permanent = true;
  recipe->committed = true;
  const int rc = type_add(recipe, newtype);
  if (rc == MPI_SUCCESS) made->push_back(recipe);
  return rc;
}

int parametrised(int combiner, std::vector<int> integers, MPI_Datatype* newtype, const char* name) {
  return brief_call(MPI_COMM_WORLD, name, [&] { return find_or_make(combiner, std::move(integers), newtype); });
}

}  // namespace

int PMPI_Type_create_f90_real(int p, int r, MPI_Datatype* newtype) {
  return parametrised(MPI_COMBINER_F90_REAL, {p, r}, newtype, "MPI_Type_create_f90_real");
}
CAIRN_MPI_WEAK(MPI_Type_create_f90_real);

int PMPI_Type_create_f90_complex(int p, int r, MPI_Datatype* newtype) {
  return parametrised(MPI_COMBINER_F90_COMPLEX, {p, r}, newtype, "MPI_Type_create_f90_complex");
}
CAIRN_MPI_WEAK(MPI_Type_create_f90_complex);

int PMPI_Type_create_f90_integer(int r, MPI_Datatype* newtype) {
  return parametrised(MPI_COMBINER_F90_INTEGER, {r}, newtype, "MPI_Type_create_f90_integer");
}
CAIRN_MPI_WEAK(MPI_Type_create_f90_integer);
