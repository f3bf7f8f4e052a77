# SPDX-License-Identifier: Apache-2.0
# windows_apart.bash RANKS lock|wait|complete|all TRANSPORT: windows.c as windows.bash has it, but between nodes. Then what
# was saved is restarted on one node, is saved there, and is restarted between nodes again.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_windows_apart_$1_$2_$3"
options="--oversubscribe --mca pml ob1 --mca btl $3,self"
apart=$SCRATCH/apart
restart_job() {
  restart --mpirun_opts "$options"
  wait_for_line '^round '
}
touch "$apart"
# shellcheck disable=SC2086  # several options
start_job $options -x APART="$apart" -x LD_PRELOAD="$CAIRN_BUILD/tests/programs/libshim_apart.so" -np "$1" \
  "$CAIRN_BUILD/tests/programs/shim_windows" "$SCRATCH/stop" "$2" apart
wait_for_line '^round 1$'
checkpoint
wait_for_line '^round [0-9]*9$'
kill_job
restart_job
rm "$apart"
checkpoint --term
wait_job
restart_job
touch "$apart"
checkpoint --term
wait_job
restart_job
touch "$SCRATCH/stop"
wait_job
expect_status 0
grep -q '^windows: ok$' "$JOB_LOG" || fail "the program did not say that all is right"
