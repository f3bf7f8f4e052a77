# SPDX-License-Identifier: Apache-2.0
# For tests of requests that come to nothing. Source it after job.bash.

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
