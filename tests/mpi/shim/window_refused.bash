# SPDX-License-Identifier: Apache-2.0
# window_refused.bash: a window that cannot be the shim's own, of several threads between nodes, is the real library's; a
# checkpoint is refused by its name and says why, and is taken when the window has been freed.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_window_refused
programs=$CAIRN_BUILD/tests/programs
start_job --oversubscribe --mca pml ob1 --mca btl vader,self -x LD_PRELOAD="$programs/libshim_apart.so" -np 2 \
  "$programs/shim_window_refused" "$SCRATCH/free" "$SCRATCH/end"
wait_for_line '^has a window$'
"$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 && fail "a checkpoint was taken"
tr '\n' ' ' <"$SCRATCH/answer.log" | grep -q "a window between several nodes, in MPI_THREAD_MULTIPLE, 'pane' exists" ||
  { show_log "$SCRATCH/answer.log"; fail "the refusal does not say why"; }
touch "$SCRATCH/free"
wait_for_line '^has none$'
checkpoint
touch "$SCRATCH/end"
expect_pass
