# SPDX-License-Identifier: Apache-2.0
# ompi-checkpoint is killed while it waits: the checkpoint is completed, the next one works.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_command_dies
export RANK_HANG=$SCRATCH/hang
start_ranks 2
"$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/first.log" 2>&1 &
command=$!
wait_for_phase 1 writing
kill -KILL "$command"
wait "$command" 2>/dev/null
refused 3 busy
touch "$RANK_HANG"
wait_for_state running
expect_sequences 0
checkpoint
expect_sequences 0 1
end_ranks
