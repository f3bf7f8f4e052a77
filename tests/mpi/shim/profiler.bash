# SPDX-License-Identifier: Apache-2.0
# profiler.bash preloaded|linked: a tool that wraps calls of MPI sees each call of the program once, before and after a restart.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_profiler
programs=$CAIRN_BUILD/tests/programs
case $1 in
  preloaded) run=(env "LD_PRELOAD=$programs/libshim_profiler.so" "$programs/shim_profiled") ;;
  linked) run=("$programs/shim_profiled_linked") ;;
esac
start_job --oversubscribe -np 2 "${run[@]}" "$SCRATCH/stop"
wait_for_line '^round 4$'
checkpoint
kill_job
restart
wait_for_line '^round [0-9]*9$'
touch "$SCRATCH/stop"
expect_status 0 60
grep -q '^halves: ok$' "$JOB_LOG" || fail "the program did not say that all is right"
