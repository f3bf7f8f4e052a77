# SPDX-License-Identifier: Apache-2.0
# --nowait returns when the checkpoint has begun.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_nowait
export RANK_HANG=$SCRATCH/hang
start_ranks 2
timeout 30 "$BIN/ompi-checkpoint" --nowait "$JOB_PID" >"$SCRATCH/nowait.log" 2>&1 || { show_log "$SCRATCH/nowait.log"; fail "--nowait failed"; }
wait_for_phase 0 writing
touch "$RANK_HANG"
wait_for_state running
expect_sequences 0
end_ranks
