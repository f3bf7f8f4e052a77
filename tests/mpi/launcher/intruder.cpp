// SPDX-License-Identifier: Apache-2.0
// A PMIx tool that asks for a checkpoint with a wrong cookie or none: PID TMPDIR [COOKIE]. Succeeds if it is refused.
#include <pmix.h>
#include <pmix_tool.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  setenv("TMPDIR", argv[2], 1);
  const pid_t pid = static_cast<pid_t>(std::atoi(argv[1]));
  const bool yes = true;
  pmix_proc_t self;
  pmix_info_t where;
  PMIX_INFO_LOAD(&where, PMIX_SERVER_PIDINFO, &pid, PMIX_PID);
  if (PMIx_tool_init(&self, &where, 1) != PMIX_SUCCESS) {
    std::puts("no connection");
    return 2;
  }
  pmix_info_t directives[2];
  PMIX_INFO_LOAD(&directives[0], PMIX_JOB_CTRL_CHECKPOINT, &yes, PMIX_BOOL);
  const bool cookie = argc > 3 && *argv[3] != '\0';
  if (cookie) PMIX_INFO_LOAD(&directives[1], "cairn.cookie", argv[3], PMIX_STRING);
  pmix_info_t* results = nullptr;
  std::size_t n = 0;
  const pmix_status_t rc = PMIx_Job_control(nullptr, 0, directives, cookie ? 2 : 1, &results, &n);
  std::printf("%s\n", PMIx_Error_string(rc));
  PMIx_tool_finalize();
  return rc == PMIX_ERR_NO_PERMISSIONS ? 0 : 1;
}
