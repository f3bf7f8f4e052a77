# SPDX-License-Identifier: Apache-2.0
# Ranks that have asked for different thread levels: the job runs as without Cairn, and a request is refused for good with the
# way out.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_mixed_levels
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_mixed_levels" "$SCRATCH/stop"
wait_for_line '^begun$' 60
timeout -k 5 60 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1
status=$?
[ "$status" -eq 5 ] && grep -q MPI_THREAD_SERIALIZED "$SCRATCH/answer.log" ||
  { show_log "$SCRATCH/answer.log"; fail "a request is answered with status $status"; }
touch "$SCRATCH/stop"
expect_pass 60
