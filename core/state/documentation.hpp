// SPDX-License-Identifier: Apache-2.0
// A row of docs/process-state.md, which the program process_state_table prints when Cairn is built.
#pragma once

namespace cairn::state {

struct Documentation {
  const char* what;
  const char* how;
  const char* limits;
  const char* test;  // path of the test's source below the project's root; the build fails if it is not there
};

}  // namespace cairn::state
