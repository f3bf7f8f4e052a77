// SPDX-License-Identifier: Apache-2.0
// Enumerations of the tools interface, and the other things that are told about variables.
#include <algorithm>
#include <cstring>

#include "mpi/shim/objects/tool/tool.hpp"
#include "mpi/shim/predefined.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim::tool {

void give_text(const std::string& text, char* room, int* length) noexcept {
  if (length == nullptr) return;
  const int needed = static_cast<int>(text.size()) + 1;
  if (room == nullptr || *length <= 0) {
    *length = needed;
    return;
  }
  *length = std::min(*length, needed);
  std::memcpy(room, text.c_str(), static_cast<std::size_t>(*length) - 1);
  room[*length - 1] = '\0';
}

MPI_Datatype type_of(const RealDatatype* theirs) noexcept {
  for (int i = 0; i < predefined_count; ++i) {
    Handle* const handle = predefined_objects[i].handle;
    if (predefined_objects[i].kind == Kind::datatype && handle->real == theirs)
      return static_cast<MPI_Datatype>(handle);
  }
  return MPI_DATATYPE_NULL;
}

// The library may free an enumeration, and have another one at its place: they are told apart by what they are made of.
MPI_T_enum enum_of(RealEnum* theirs) {
  if (theirs == nullptr) return MPI_T_ENUM_NULL;
  mca_base_var_enum_t found;
  int items = 0;
  cross(real.T_enum_get_info, theirs, &items, nullptr, nullptr);
  found.name =
      text_of([&](char* text, int* length) { return cross(real.T_enum_get_info, theirs, &items, text, length); });
  for (int i = 0; i < items; ++i) {
    mca_base_var_enum_t::Item item{MPI_SUCCESS, 0, {}};
    int nothing = 0;
    item.code = cross(real.T_enum_get_item, theirs, i, &item.value, nullptr, &nothing);
    item.name = text_of(
        [&](char* text, int* length) { return cross(real.T_enum_get_item, theirs, i, &item.value, text, length); });
    found.items.push_back(std::move(item));
  }
  auto& known = tools().enums;
  const auto same = std::find(known.begin(), known.end(), found);
  return same != known.end() ? &*same : &known.emplace_back(std::move(found));
}

}  // namespace cairn::shim::tool

using namespace cairn::shim;

int PMPI_T_enum_get_info(MPI_T_enum enumtype, int* num, char* name, int* name_len) {
  return tool::call([&](tool::Tools&) {
    if (enumtype == MPI_T_ENUM_NULL) return MPI_T_ERR_INVALID_INDEX;
    if (num != nullptr) *num = static_cast<int>(enumtype->items.size());
    tool::give_text(enumtype->name, name, name_len);
    return MPI_SUCCESS;
  });
}
CAIRN_MPI_WEAK(MPI_T_enum_get_info);

int PMPI_T_enum_get_item(MPI_T_enum enumtype, int index, int* value, char* name, int* name_len) {
  return tool::call([&](tool::Tools&) {
    if (enumtype == MPI_T_ENUM_NULL || index < 0 || index >= static_cast<int>(enumtype->items.size()))
      return MPI_T_ERR_INVALID_INDEX;
    const auto& item = enumtype->items[static_cast<std::size_t>(index)];
    if (item.code != MPI_SUCCESS) return item.code;
    if (value != nullptr) *value = item.value;
    tool::give_text(item.name, name, name_len);
    return MPI_SUCCESS;
  });
}
CAIRN_MPI_WEAK(MPI_T_enum_get_item);
