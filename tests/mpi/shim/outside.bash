# SPDX-License-Identifier: Apache-2.0
# outside.bash before|after: a process of a job is checkpointed alone, before MPI_Init or after MPI_Finalize, and restarted
# without a job, where there is no MPI library. It goes on until it wants one, and says so then.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_outside cr_checkpoint cr_restart
when=$1
start_job -np 1 "$CAIRN_BUILD/tests/programs/shim_outside" "$when" "$SCRATCH/go"
wait_for_line '^waits [0-9]+'
pid=$(sed -n 's/^waits //p' "$JOB_LOG")
"$BIN/cr_checkpoint" -f "$SCRATCH/image" "$pid" || fail "cr_checkpoint: status $?"
kill_job
touch "$SCRATCH/go"
start_command "$BIN/cr_restart" "$SCRATCH/image"
wait_job 60
finalized=$([ "$when" = after ] && echo 1 || echo 0)
grep -q "^finalized: $finalized" "$JOB_LOG" || fail "it did not go on"
grep -q 'restarted without an MPI library' "$JOB_LOG" || { show_log "$JOB_LOG"; fail "status $JOB_STATUS, and no reason"; }
[ "$JOB_STATUS" -eq 1 ] || fail "status $JOB_STATUS"
