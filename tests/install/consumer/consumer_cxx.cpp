// SPDX-License-Identifier: Apache-2.0
// The header in C++.
#include <libcr.h>

#include <iostream>

int main() {
  static_assert(CR_RSTRT_RELOCATE_SIZE(2) == CR_RSTRT_RELOCATE_SIZE(0) + 2 * sizeof(cr_rstrt_relocate_pair));
  cr_restart_args_t restart;
  if (cr_initialize_restart_args_t(&restart) != 0 || restart.cr_flags != CR_RSTRT_RESTORE_PID) return 1;
  std::cout << cr_strerror(CR_ENOSUPPORT) << '\n';
}
