# SPDX-License-Identifier: Apache-2.0
# slow_leftovers.bash LIBRARY: what a killed mpirun left takes long to remove: commands for another job do not wait for
# that, and it is removed nevertheless.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_slow_leftovers
export SLOW_REMOVAL=$SCRATCH/slow RANK_HANG=$SCRATCH/hang
start_ranks 2
note_segments
tree=$(tree_of "$JOB_PID")
dead=$JOB_PID
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
echo image >"$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt/0/rank_0.ctx"

touch "$SLOW_REMOVAL"
unset RANK_HANG
LD_PRELOAD=$1 start_ranks 2
LD_PRELOAD=$1 timeout 30 "$BIN/ompi-checkpoint" --list "$JOB_PID" >"$SCRATCH/list.log" 2>&1 || fail "$(cat "$SCRATCH/list.log")"
[ -e "$SLOW_REMOVAL.begun" ] || fail "nothing is being removed"
rm "$SLOW_REMOVAL"
end=$(deadline_of 60)
while [ -e "$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt" ] || [ -e "$TMPDIR/cairn-$(id -u)/$dead" ]; do
  [ "$SECONDS" -lt "$end" ] || fail "not removed"
  sleep 0.02
done
JOB_KILLED=''
end_ranks
