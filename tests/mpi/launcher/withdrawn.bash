# SPDX-License-Identifier: Apache-2.0
# Who interrupts a command that waits for a checkpoint withdraws the request: nothing is saved, and the job neither ends nor
# stops.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_withdrawn ompi-checkpoint

# withdraw SIGNAL OPTIONS...: of a command that waits for ranks that hang.
withdraw() {
  local signal=$1 command status
  shift
  rm -f "$RANK_HANG"
  env --default-signal=INT "$BIN/ompi-checkpoint" "$@" "$JOB_PID" >"$SCRATCH/withdrawn.out" 2>"$SCRATCH/withdrawn.log" &
  command=$!
  wait_for_phase 0 writing
  kill "-$signal" "$command"
  wait "$command"
  status=$?
  [ "$status" -eq $((128 + $(kill -l "$signal"))) ] || { show_log "$SCRATCH/withdrawn.log"; fail "status $status"; }
  grep -q 'request is withdrawn' "$SCRATCH/withdrawn.log" || { show_log "$SCRATCH/withdrawn.log"; fail "it does not say that"; }
  touch "$RANK_HANG"
  wait_for_state running
  expect_sequences
}

export RANK_HANG=$SCRATCH/hang
start_ranks 2
withdraw INT
withdraw INT --term
withdraw TERM --stop --status
withdraw TERM --json --term --wait 60
grep -qx '{"result":"withdrawn"}' "$SCRATCH/withdrawn.out" || fail "no answer in JSON"
timeout 20 "$BIN/ompi-checkpoint" -s "$JOB_PID" 2>&1 | grep -q 'withdrawn' || fail "the state of the job does not tell"

# Whoever is killed cannot withdraw anything.
rm "$RANK_HANG"
"$BIN/ompi-checkpoint" "$JOB_PID" >/dev/null 2>&1 &
command=$!
wait_for_phase 0 writing
kill -KILL "$command"
wait "$command" 2>/dev/null
touch "$RANK_HANG"
wait_for_state running
expect_sequences 0
end_ranks
