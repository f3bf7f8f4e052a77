# SPDX-License-Identifier: Apache-2.0
# window_forbidden.bash: windows of processes that may not reach each other's memory survive, all of their epochs begun.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_window_forbidden
options="--oversubscribe --mca pml ob1 --mca btl tcp,self"
programs=$CAIRN_BUILD/tests/programs
# shellcheck disable=SC2086  # several options
start_job $options -x LD_PRELOAD="$programs/libshim_forbid_reach.so" -np 2 "$programs/shim_windows" "$SCRATCH/stop" wait
wait_for_line '^round 1$'
checkpoint
kill_job
restart --mpirun_opts "$options"
wait_for_line '^round '
touch "$SCRATCH/stop"
wait_job
expect_status 0
grep -q '^windows: ok$' "$JOB_LOG" || fail "the program did not say that all is right"
