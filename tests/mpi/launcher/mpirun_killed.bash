# SPDX-License-Identifier: Apache-2.0
# mpirun is killed by SIGKILL in the middle of a checkpoint: the real one ends the job, no process stays. Whoever waits for
# the answer hears that there is nothing left to ask.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_mpirun_killed
export RANK_HANG=$SCRATCH/hang
start_ranks 2
note_segments
tree=$(tree_of "$JOB_PID")
"$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/first.log" 2>&1 &
command=$!
wait_for_phase 0 writing
JOB_KILLED=1
kill -KILL "$JOB_PID"
# shellcheck disable=SC2086
wait_gone $tree || fail "processes of the job are still there"
wait "$command"
[ $? -eq 5 ] && grep -q "the job has ended, and mpirun (process $JOB_PID) with it" "$SCRATCH/first.log" ||
  { show_log "$SCRATCH/first.log"; fail "ompi-checkpoint did not notice"; }
wait_job 5
rm -rf "$SCRATCH"/snapshots/*
