# SPDX-License-Identifier: Apache-2.0
# slow_removal.bash LIBRARY: removing an old snapshot takes long: with --term the command has its answer, and the job
# ends, before it is done. mpirun ends afterwards, and nothing of the old one is left.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_slow_removal
export SLOW_REMOVAL=$SCRATCH/slow
LD_PRELOAD=$1 start_ranks 2 --cr-keep 1
real=$(pgrep -P "$JOB_PID" | head -n 1)
checkpoint
touch "$SLOW_REMOVAL"
timeout 60 "$BIN/ompi-checkpoint" --term "$JOB_PID" >"$SCRATCH/term.log" 2>&1 || fail "$(cat "$SCRATCH/term.log")"
wait_gone "$real" || fail "the job waits for the removal"
end=$(deadline_of 60)
until [ -e "$SLOW_REMOVAL.begun" ]; do
  [ "$SECONDS" -lt "$end" ] || fail "nothing is being removed"
  sleep 0.02
done
running "$JOB_PID" || fail "mpirun has ended before the removal"
rm "$SLOW_REMOVAL"
expect_status 85 60
expect_sequences 1
