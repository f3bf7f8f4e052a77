# SPDX-License-Identifier: Apache-2.0
# For programs that print "round ..." again and again. Sourced behind tests/lib/job.bash.

rounds() { grep -c '^round' "$JOB_LOG"; }

# await_more_rounds SECONDS [WHEN]: until the job has printed one more.
await_more_rounds() {
  local before end
  before=$(rounds)
  end=$(deadline_of "$1")
  until [ "$(rounds)" -gt "$before" ]; do
    running "$JOB_PID" || fail "the job ended${2:+ $2}"
    [ "$SECONDS" -lt "$end" ] || fail "the job stands still${2:+ $2}"
    sleep 0.02
  done
}
