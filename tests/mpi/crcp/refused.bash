# SPDX-License-Identifier: Apache-2.0
# For tests of requests that come to nothing, or wait for something. Source it after job.bash.

# refused CODE REGEX [OPTIONS]: ompi-checkpoint fails so; what it says is in $SCRATCH/refused.log.
refused() {
  local code=$1 regex=$2 status
  shift 2
  timeout -k 5 100 "$BIN/ompi-checkpoint" "$@" "$JOB_PID" >"$SCRATCH/refused.log" 2>&1
  status=$?
  [ "$status" -eq "$code" ] || { show_log "$SCRATCH/refused.log"; fail "ompi-checkpoint: status $status, not $code"; }
  grep -Eq -- "$regex" "$SCRATCH/refused.log" || { show_log "$SCRATCH/refused.log"; fail "ompi-checkpoint does not say '$regex'"; }
}

# until_answered SECONDS COMMAND...: repeats it until it succeeds.
until_answered() {
  local end
  end=$(deadline_of "$1")
  shift
  until "$@"; do
    running "$JOB_PID" || fail "the job ended"
    [ "$SECONDS" -lt "$end" ] || fail "not in time: $*"
  done
}

# What is known of the job has that text: `"state":"running"`.
says() { "$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1 | grep -q "$1"; }
is_free() { says '"state":"running"'; }

# Lines "round N" that the job has printed; more than that many.
rounds() { grep -c '^round' "$JOB_LOG"; }
more_rounds() { [ "$(rounds)" -gt "$1" ]; }

# request_until TEXT [OPTIONS]: begins a request in the background, process $request, with its answer in
# $SCRATCH/answer.log, and waits until it has come so far that says TEXT.
request_until() {
  local text=$1 end
  shift
  timeout -k 5 100 "$BIN/ompi-checkpoint" "$@" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
  request=$!
  end=$(deadline_of 15)
  until says "$text"; do
    running "$request" || { show_log "$SCRATCH/answer.log"; fail "the request is over"; }
    [ "$SECONDS" -lt "$end" ] || fail "no rank is waited for"
  done
}
