# SPDX-License-Identifier: Apache-2.0
# Checkpoints that mpirun takes by itself: --cr-every, --cr-keep, --cr-on-signal, also of several signals; a signal that
# comes while one is taken waits.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_automatic
start_ranks 2 --cr-every 0.3 --cr-keep 2 --cr-on-signal USR1:term
wait_for_line 'Snapshot Ref\.:   4 '
kill -USR1 "$JOB_PID"
expect_status 85 60
[ "$(ls -d "$SCRATCH"/snapshots/*/[0-9]* | wc -l)" -eq 2 ] || fail "--cr-keep 2 left $(ls -d "$SCRATCH"/snapshots/*/[0-9]* | xargs)"

export RANK_HANG=$SCRATCH/hang
start_ranks 2 --cr-on-signal USR1:term
"$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/first.log" 2>&1 &
first=$!
wait_for_phase 0 writing
kill -USR1 "$JOB_PID"
until grep -Eq '^ShdPnd:[[:space:]]*0*$' "/proc/$JOB_PID/status"; do sleep 0.02; done
touch "$RANK_HANG"
wait "$first" || fail "$(cat "$SCRATCH/first.log")"
expect_status 85 60
grep -q 'Snapshot Ref\.:   1 ' "$JOB_LOG" || fail "no snapshot for the signal"

unset RANK_HANG
start_ranks 2 --cr-on-signal USR1 --cr-on-signal USR2:term
kill -USR1 "$JOB_PID"
wait_for_line 'Snapshot Ref\.:   0 '
kill -USR2 "$JOB_PID"
expect_status 85 60
grep -q 'Snapshot Ref\.:   1 ' "$JOB_LOG" || fail "no snapshot for the second signal"
