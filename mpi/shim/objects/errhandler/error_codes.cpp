// SPDX-License-Identifier: Apache-2.0
// Error classes, codes and strings that the application added. The real library numbers them; the calls are kept and
// repeated after a restart, which gives the same numbers.
#include <string>
#include <vector>

#include "mpi/shim/generated/kinds.hpp"
#include "mpi/shim/objects/attribute/attributes.hpp"
#include "mpi/shim/table_lock.hpp"
#include "mpi/shim/wrap.hpp"

namespace cairn::shim {
namespace {

struct Added {
  int error_class;  // of a code; -1: it is a class itself
  int number;
  std::string text;
};

std::vector<Added>& added() {
  static auto* const all = new std::vector<Added>;
  return *all;
}

int add(int error_class, int* number) {
  return error_class < 0 ? cross(real.Add_error_class, number) : cross(real.Add_error_code, error_class, number);
}

int remember(int error_class, int* number, const char* name) {
  return brief_call(MPI_COMM_WORLD, name, [&] {
    const TableLock lock;  // kept in the order in which the library numbers them
    const int rc = add(error_class, number);
    if (rc == MPI_SUCCESS) {
      added().push_back({error_class, *number, {}});
      attribute_last_used_code(*number);
    }
    return rc;
  });
}

}  // namespace

int error_code_rebuild() {
  for (const Added& item : added()) {
    int number = 0;
    if (const int rc = add(item.error_class, &number); rc != MPI_SUCCESS) return rc;
    if (number != item.number) return MPI_ERR_INTERN;
    if (!item.text.empty()) cross(real.Add_error_string, number, item.text.c_str());
  }
  return MPI_SUCCESS;
}

}  // namespace cairn::shim

using namespace cairn;
using namespace cairn::shim;

int PMPI_Add_error_class(int* error_class) { return remember(-1, error_class, "MPI_Add_error_class"); }
CAIRN_MPI_WEAK(MPI_Add_error_class);

int PMPI_Add_error_code(int error_class, int* code) { return remember(error_class, code, "MPI_Add_error_code"); }
CAIRN_MPI_WEAK(MPI_Add_error_code);

int PMPI_Add_error_string(int code, const char* text) {
  return brief_call(MPI_COMM_WORLD, "MPI_Add_error_string", [&] {
    const TableLock lock;
    const int rc = cross(real.Add_error_string, code, text);
    for (auto& item : added())
      if (rc == MPI_SUCCESS && item.number == code) item.text = text;
    return rc;
  });
}
CAIRN_MPI_WEAK(MPI_Add_error_string);
