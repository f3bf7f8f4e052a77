# SPDX-License-Identifier: Apache-2.0
# What the first mpirun was told of directories that are gone: a working directory is named before the launch, with the way
# out; snapshots go where the one is that is restarted. Ranks that go on say that they are ranks.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.gone_places mpirun ompi-checkpoint ompi-restart

mkdir -p scratch/below work
cd scratch/below || fail "cd"
start_command "$BIN/mpirun" --with-cr --cr-dir .. -wdir "$SCRATCH/work" -np 2 "$EXAMPLES/ring" --seconds 300 --report 10
cd "$SCRATCH" || fail "cd"
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
"$BIN/ompi-restart" --showme "$SNAPSHOT" >showme || fail "--showme"
grep -q -- "--cr-dir $SCRATCH/scratch " showme || fail "$(cat showme)"

mv work moved
start_command "$BIN/ompi-restart" "$SNAPSHOT"
expect_status 4 60
grep -q -- "-wdir $SCRATCH/work: No such file or directory.*--relocate OLD=NEW" "$JOB_LOG" || fail "the way out is not named"
mv "$SNAPSHOT" snapshots
rm -r scratch
SNAPSHOT=$SCRATCH/snapshots/${SNAPSHOT##*/}
restart --relocate "$SCRATCH/work=$SCRATCH/moved" --mpirun_opts '-np 2' --verbose
wait_for_line '[sS]tep'
wait_for_line '^ompi-restart: rank 1: process'
grep -q "new snapshots go to $SCRATCH/snapshots, where this one is: $SCRATCH/scratch is gone" "$JOB_LOG" || fail "it does not say where snapshots go"
! grep -q '^cr_restart:' "$JOB_LOG" || fail "another command speaks"
checkpoint
[ "${SNAPSHOT%/*}" = "$SCRATCH/snapshots" ] || fail "$SNAPSHOT is not where it should be"
kill_job
