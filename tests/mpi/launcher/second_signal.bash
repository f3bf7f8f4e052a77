# SPDX-License-Identifier: Apache-2.0
# --cr-on-signal with :term: a second signal during the checkpoint is not reported as a failure when the job has ended.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_second_signal
export RANK_HANG=$SCRATCH/hang
start_ranks 2 --cr-on-signal USR1:term
kill -USR1 "$JOB_PID"
wait_for_phase 0 writing
kill -USR1 "$JOB_PID"
until grep -Eq '^ShdPnd:[[:space:]]*0*$' "/proc/$JOB_PID/status"; do sleep 0.02; done
touch "$RANK_HANG"
expect_status 85 60
expect_sequences 0
grep -q 'Snapshot Ref\.:   0 ' "$JOB_LOG" || fail "no snapshot"
! grep -q 'checkpoint failed' "$JOB_LOG" || fail "$(cat "$JOB_LOG")"
