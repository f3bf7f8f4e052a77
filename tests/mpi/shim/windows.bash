# SPDX-License-Identifier: Apache-2.0
# windows.bash RANKS lock|wait|complete: windows.c, with all of its epochs begun, goes on after a checkpoint, is killed and
# restarted, is saved once more and restarted from that; everything is right in the end.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_windows_$1_$2"
start_job --oversubscribe -np "$1" "$CAIRN_BUILD/tests/programs/shim_windows" "$SCRATCH/stop" "$2"
wait_for_line '^round 1$'
checkpoint
wait_for_line '^round [0-9]*9$'
kill_job
restart --mpirun_opts --oversubscribe
wait_for_line '^round '
checkpoint --term
wait_job
restart --mpirun_opts --oversubscribe
wait_for_line '^round '
touch "$SCRATCH/stop"
wait_job
expect_status 0
grep -q '^windows: ok$' "$JOB_LOG" || fail "the program did not say that all is right"
