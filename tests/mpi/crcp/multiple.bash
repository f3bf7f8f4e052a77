# SPDX-License-Identifier: Apache-2.0
# A job with several threads that use MPI cannot be checkpointed: one message says so, and how it could be.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_multiple
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/crcp_threads" "$SCRATCH/stop" t
wait_for_line '^round 3$'
grep -q '^level multiple' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
refused 5 'MPI4PY_RC_THREAD_LEVEL=serialized'
[ "$(grep -c 'THREAD_LEVEL' "$SCRATCH/refused.log")" -eq 1 ] || { show_log "$SCRATCH/refused.log"; fail "it says so more than once"; }
touch "$SCRATCH/stop"
expect_pass 60
