// SPDX-License-Identifier: Apache-2.0
// Categories of the tools interface: what they contain has the program's numbers.
#include <algorithm>

#include "mpi/shim/objects/tool/tool.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim::tool {

int category_count() noexcept {
  int count = 0;
  return cross(real.T_category_get_num, &count) == MPI_SUCCESS ? count : 0;
}

std::string category_name(int number) {
  return text_of([&](char* text, int* length) {
    return cross(real.T_category_get_info, number, text, length, nullptr, nullptr, nullptr, nullptr, nullptr);
  });
}

namespace {

// How many variables, or categories, there are in one.
struct Contents {
  int cvars = 0, pvars = 0, categories = 0;
};

// The contents of one sort: which functions tell them, and how the program numbers them.
int contents(int category, int len, int* indices, int Contents::*size, Indices Tools::*numbers,
             decltype(real.T_category_get_cvars) RealFunctions::*get) {
  return call([&](Tools& t) {
    const std::optional<int> theirs = t.categories.to_real(category);
    if (!theirs) return MPI_T_ERR_INVALID_INDEX;
    Contents there;
    cross(real.T_category_get_info, *theirs, nullptr, nullptr, nullptr, nullptr, &there.cvars, &there.pvars,
          &there.categories);
    const int rc = cross(real.*get, *theirs, len, indices);
    if (rc != MPI_SUCCESS) return rc;
    const int told = std::min(len, there.*size);
    for (int i = 0; i < told; ++i) indices[i] = (t.*numbers).from_real(indices[i]);
    return rc;
  });
}

}  // namespace
}  // namespace cairn::shim::tool

using namespace cairn::shim;

int PMPI_T_category_get_num(int* num_cat) { return tool::count_now(&tool::Tools::categories, num_cat); }
CAIRN_MPI_WEAK(MPI_T_category_get_num);

int PMPI_T_category_get_info(int cat_index, char* name, int* name_len, char* desc, int* desc_len, int* num_cvars,
                             int* num_pvars, int* num_categories) {
  return tool::call([&](tool::Tools& t) {
    const std::optional<int> theirs = t.categories.to_real(cat_index);
    return !theirs ? MPI_T_ERR_INVALID_INDEX
                   : cross(real.T_category_get_info, *theirs, name, name_len, desc, desc_len, num_cvars, num_pvars,
                           num_categories);
  });
}
CAIRN_MPI_WEAK(MPI_T_category_get_info);

int PMPI_T_category_get_index(const char* name, int* category_index) {
  return tool::call([&](tool::Tools& t) {
    int theirs = 0;
    const int rc = cross(real.T_category_get_index, name, category_index == nullptr ? nullptr : &theirs);
    if (rc == MPI_SUCCESS) *category_index = t.categories.from_real(theirs);
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_category_get_index);

int PMPI_T_category_get_cvars(int cat_index, int len, int indices[]) {
  return tool::contents(cat_index, len, indices, &tool::Contents::cvars, &tool::Tools::cvars,
                        &RealFunctions::T_category_get_cvars);
}
CAIRN_MPI_WEAK(MPI_T_category_get_cvars);

int PMPI_T_category_get_pvars(int cat_index, int len, int indices[]) {
  return tool::contents(cat_index, len, indices, &tool::Contents::pvars, &tool::Tools::pvars,
                        &RealFunctions::T_category_get_pvars);
}
CAIRN_MPI_WEAK(MPI_T_category_get_pvars);

int PMPI_T_category_get_categories(int cat_index, int len, int indices[]) {
  return tool::contents(cat_index, len, indices, &tool::Contents::categories, &tool::Tools::categories,
                        &RealFunctions::T_category_get_categories);
}
CAIRN_MPI_WEAK(MPI_T_category_get_categories);

// After a restart it is another one, since categories may contain something else.
int PMPI_T_category_changed(int* stamp) {
  return tool::call([&](tool::Tools& t) {
    const int rc = cross(real.T_category_changed, stamp);
    if (rc == MPI_SUCCESS) t.last_stamp = *stamp += t.stamp_ahead;
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_T_category_changed);
