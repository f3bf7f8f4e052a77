# SPDX-License-Identifier: Apache-2.0
# slow_leftovers.bash LIBRARY: what a killed mpirun left takes long to remove: commands for another job do not wait for
# that, and it is removed nevertheless.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_slow_leftovers
dead=''
export SLOW_REMOVAL=$SCRATCH/slow
kill_while_writing
echo image >"$SCRATCH/snapshots/ompi_global_snapshot_$dead.ckpt/0/rank_0.ctx"

touch "$SLOW_REMOVAL"
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
