# SPDX-License-Identifier: Apache-2.0
# mpirun and all its processes are killed by SIGKILL during a checkpoint: the next command, whichever it is, removes the
# runtime directory, the session directory of the real mpirun and the unfinished snapshot. Those of a job that runs stay.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_killed_leftovers
dead='' real=''

runtime=$TMPDIR/cairn-$(id -u)

kill_with_leftovers() {
  kill_while_writing
  [ -e "$runtime/$dead" ] && [ -n "$(ls -d "$TMPDIR"/ompi.*/"pid.$real")" ] || fail "there is nothing to remove"
  [ -e "$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt" ] || fail "there is no unfinished snapshot"
}

expect_clean_after() {
  [ ! -e "$runtime/$dead" ] || fail "$1 leaves the runtime directory"
  [ -z "$(find "$TMPDIR" -path "*/pid.$real*")" ] || fail "$1 leaves the session directory"
  [ ! -e "$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt" ] || fail "$1 leaves the unfinished snapshot"
}

kill_with_leftovers
"$BIN/ompi-checkpoint" "$$" >"$SCRATCH/next.log" 2>&1
expect_clean_after ompi-checkpoint

kill_with_leftovers
"$BIN/ompi-restart" "$SCRATCH/nothing.ckpt" >"$SCRATCH/next.log" 2>&1
expect_clean_after ompi-restart

kill_with_leftovers
start_ranks 2
expect_clean_after mpirun
"$BIN/ompi-restart" "$SCRATCH/nothing.ckpt" >"$SCRATCH/next.log" 2>&1
[ -e "$runtime/$JOB_PID/cookie" ] || fail "the directory of a running job was removed"
expect_sequences
JOB_KILLED=''
end_ranks
