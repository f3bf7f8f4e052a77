# SPDX-License-Identifier: Apache-2.0
# mpirun and all its processes are killed by SIGKILL during a checkpoint: the next command, whichever it is, removes the
# runtime directory, the session directory of the real mpirun and the unfinished snapshot. Those of a job that runs stay.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_killed_leftovers

runtime=$TMPDIR/cairn-$(id -u)

# Sets dead and real: the numbers of both mpiruns.
kill_while_writing() {
  local tree command
  RANK_HANG=$SCRATCH/hang start_ranks 2
  note_segments
  tree=$(tree_of "$JOB_PID")
  dead=$JOB_PID
  real=$(pgrep -P "$dead" | head -n 1)
  "$BIN/ompi-checkpoint" "$dead" >"$SCRATCH/first.log" 2>&1 &
  command=$!
  wait_for_phase 0 writing
  JOB_KILLED=1
  # shellcheck disable=SC2086
  kill -KILL $tree
  # shellcheck disable=SC2086
  wait_gone $tree || fail "processes of the job are still there"
  wait "$command"
  wait_job 5
  [ -e "$runtime/$dead" ] && [ -n "$(ls -d "$TMPDIR"/ompi.*/"pid.$real")" ] || fail "there is nothing to remove"
  [ -e "$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt" ] || fail "there is no unfinished snapshot"
}

expect_clean_after() {
  [ ! -e "$runtime/$dead" ] || fail "$1 leaves the runtime directory"
  [ -z "$(find "$TMPDIR" -path "*/pid.$real*")" ] || fail "$1 leaves the session directory"
  [ ! -e "$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt" ] || fail "$1 leaves the unfinished snapshot"
}

kill_while_writing
"$BIN/ompi-checkpoint" "$$" >"$SCRATCH/next.log" 2>&1
expect_clean_after ompi-checkpoint

kill_while_writing
"$BIN/ompi-restart" "$SCRATCH/nothing.ckpt" >"$SCRATCH/next.log" 2>&1
expect_clean_after ompi-restart

kill_while_writing
start_ranks 2
expect_clean_after mpirun
"$BIN/ompi-restart" "$SCRATCH/nothing.ckpt" >"$SCRATCH/next.log" 2>&1
[ -e "$runtime/$JOB_PID/cookie" ] || fail "the directory of a running job was removed"
expect_sequences
JOB_KILLED=''
end_ranks
