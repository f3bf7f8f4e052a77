# SPDX-License-Identifier: Apache-2.0
# window_forbidden.bash: a window that cannot be the shim's own is the real library's; a checkpoint is refused by its name
# and says why, and is taken when the window has been freed.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_window_forbidden
programs=$CAIRN_BUILD/tests/programs
start_job --oversubscribe --mca btl tcp,self --mca osc ^ucx -x LD_PRELOAD="$programs/libshim_forbid_reach.so" -np 2 \
  "$programs/shim_window_forbidden" "$SCRATCH/free" "$SCRATCH/end"
wait_for_line '^has a window$'
"$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 && fail "a checkpoint was taken"
tr '\n' ' ' <"$SCRATCH/answer.log" |
  grep -q "a window between processes that may not reach each other's memory 'pane' exists (MPI_Win_create" ||
  { show_log "$SCRATCH/answer.log"; fail "the refusal does not say why"; }
touch "$SCRATCH/free"
wait_for_line '^has none$'
checkpoint
touch "$SCRATCH/end"
expect_pass
