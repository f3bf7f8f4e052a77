# SPDX-License-Identifier: Apache-2.0
# A directory where nothing can be created: mpirun says so before it starts anything. If it becomes so later, the command
# says so, and the job goes on.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_unwritable

# refused_at_start REGEX OPTION...
refused_at_start() {
  local regex=$1
  shift
  start_command "$BIN/mpirun" --with-cr "$@" -np 2 true
  expect_status 4 30
  grep -Eq -- "$regex" "$JOB_LOG" || fail "mpirun does not say '$regex'"
  ! ls "$TMPDIR"/ompi.* >/dev/null 2>&1 || fail "a job was started"
}

refused_at_start "snapshots cannot be put into /proc: creating a directory in /proc: .*choose another" --cr-dir /proc
refused_at_start "--cr-dir $SCRATCH/missing: No such file" --cr-dir "$SCRATCH/missing"
touch "$SCRATCH/file"
refused_at_start "snapshots cannot be put into $SCRATCH/file: .*Not a directory" --cr-dir "$SCRATCH/file"
ln -s nowhere "$SCRATCH/link"
refused_at_start "--cr-dir $SCRATCH/link: No such file" --cr-dir "$SCRATCH/link"

# Nobody has asked for snapshots there: the job runs.
cd /proc || fail "/proc"
start_command "$BIN/mpirun" --with-cr -np 2 true
cd "$SCRATCH" || fail "$SCRATCH"
wait_for_state running
wait_for_line 'mpirun: snapshots cannot be put into /proc: '
end_ranks
rm "$RANK_UNTIL"

mkdir "$SCRATCH/later"
start_command "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/later" -np 2 true
wait_for_state running
[ -z "$(ls -A "$SCRATCH/later")" ] || fail "left behind: $(ls -A "$SCRATCH/later")"
rmdir "$SCRATCH/later"
touch "$SCRATCH/later"
refused 4 "creating $SCRATCH/later/ompi_global_snapshot"
refused 4 "creating $SCRATCH/later/ompi_global_snapshot" --term
end_ranks
