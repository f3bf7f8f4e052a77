# SPDX-License-Identifier: Apache-2.0
# What ompi-checkpoint --status tells of a job: its program, its ranks, what it does, its snapshots and failures.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_status

# says REGEX [OPTIONS]: --status says so, in time.
says() {
  local regex=$1
  shift
  timeout 20 "$BIN/ompi-checkpoint" --status "$@" "$JOB_PID" >"$SCRATCH/status.log" 2>&1 || { show_log "$SCRATCH/status.log"; fail "--status: $?"; }
  grep -Eq -- "$regex" "$SCRATCH/status.log" || { show_log "$SCRATCH/status.log"; fail "--status does not say '$regex'"; }
}

time='[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]*Z'
export RANK_FAIL=1:obstacle
start_ranks 2 --cr-every 1000
says '^running$'
says '^  program: true$'
says '^  ranks: 2$'
says '^  next snapshot: in (9[0-9][0-9]|1000) s$'
! grep -Eq 'last (snapshot|failure)' "$SCRATCH/status.log" || fail "$(cat "$SCRATCH/status.log")"
refused 3 'a device that cannot be saved'
says "^  last failure: $time$"
says '^    rank 1 on .*: a device that cannot be saved$'
end_ranks
rm "$RANK_UNTIL"

export RANK_FAIL=''
start_ranks 2
checkpoint
checkpoint
says "^  last snapshot: 1, taken $time$"
says "\"program\":\"true\",\"last\":\\{\"sequence\":1,\"taken\":\"$time\"\\}\\}$" --json
! grep -q next "$SCRATCH/status.log" || fail "$(cat "$SCRATCH/status.log")"

# What a rank says is shown, and not obeyed by a terminal.
end_ranks
rm "$RANK_UNTIL"
export RANK_HANG=$SCRATCH/hang RANK_SAY=$'\e[2Jwrites'
start_ranks 2
"$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/first.log" 2>&1 &
first=$!
wait_for_phase 0 writing
says 'rank 0: writing .*\\x1b\[2Jwrites' --verbose
! grep -q $'\e' "$SCRATCH/status.log" || fail "an escape sequence gets through"
touch "$RANK_HANG"
wait "$first" || fail "$(cat "$SCRATCH/first.log")"

# A rank that stands, and then mpirun itself, which cannot answer.
rank_0=$(rank_process 0)
kill -STOP "$rank_0"
until grep -q '^State:.T' "/proc/$rank_0/status"; do sleep 0.02; done
says '^stopped$'
kill -CONT "$rank_0"
wait_for_state running
kill -STOP "$JOB_PID"
until grep -q '^State:.T' "/proc/$JOB_PID/status"; do sleep 0.02; done
says '^stopped$'
says '^  program: true$'
says '"state":"stopped".*"program":"true"' --json
kill -CONT "$JOB_PID"
wait_for_state running
end_ranks
