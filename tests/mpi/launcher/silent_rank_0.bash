# SPDX-License-Identifier: Apache-2.0
# Rank 0, to which the coordinator's connection leads, is stopped: before a request, which is refused at once and leaves
# the job as it is, and while one is served.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_silent_rank_0
export RANK_HANG=$SCRATCH/hang
start_ranks 2
stopped=$(rank_process 0)
is_stopped() { grep -q '^State:.T' "/proc/$stopped/status"; }
kill -STOP "$stopped"
until is_stopped; do sleep 0.02; done
begun=$SECONDS
refused 3 "the job is stopped .rank 0, process $stopped.: fg, or kill -CONT $JOB_PID" --timeout 60
[ $((SECONDS - begun)) -lt 20 ] || fail "refused after $((SECONDS - begun)) s only"
wait_for_state stopped
kill -CONT "$stopped"
wait_for_state running

"$BIN/ompi-checkpoint" --timeout 4 "$JOB_PID" >first.log 2>&1 &
request=$!
wait_for_phase 0 writing
kill -STOP "$stopped"
wait "$request"
[ $? -eq 3 ] && grep -q 'Rank 0 does not answer' first.log || fail "$(cat first.log)"
touch "$RANK_HANG"
kill -CONT "$stopped"
wait_for_state running
checkpoint
end_ranks
