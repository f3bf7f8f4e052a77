# SPDX-License-Identifier: Apache-2.0
# Requests, one after another, of jobs that do nothing but collective calls of communicators, files and windows: each is
# answered at once, taken or refused by name, and the job ends right; what was taken last is restarted and ends right.
#   every_collective.bash [FUNCTION...]
# Without names, one job for all functions in turn. CAIRN_COLLECTIVE_REQUESTS is how many requests there are, of each
# job; CAIRN_COLLECTIVE_RANKS the number of ranks; "each" as a name stands for all names.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_every_collective
program=$CAIRN_BUILD/tests/programs/crcp_every_collective
requests=${CAIRN_COLLECTIVE_REQUESTS:-40}
within=${CAIRN_COLLECTIVE_ANSWER:-60}  # seconds
named='exists \(|is in MPI_|waits before MPI_|not complete|did not reach|further MPI processes|cannot be saved yet'

# One request: taken or refused by name.
request() {
  local status
  timeout -k 5 "$within" "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1
  status=$?
  if [ "$status" -eq 0 ]; then
    SNAPSHOT=$SCRATCH/snapshots/$(sed -n 's/^Snapshot Ref\.: *[0-9]* *//p' "$SCRATCH/answer.log")
    taken=$((taken + 1))
  elif [ "$status" -ne 3 ] && [ "$status" -ne 5 ] || ! tr '\n' ' ' <"$SCRATCH/answer.log" | grep -Eq "$named"; then
    show_log "$SCRATCH/answer.log"
    "$BIN/ompi-checkpoint" --status "$JOB_PID" 2>&1 | head -3
    fail "$1: a request is answered with status $status (124: not within $within s), or without a name"
  fi
}

ask_during() {
  rm -rf "$SCRATCH/work" && mkdir "$SCRATCH/work"
  SNAPSHOT='' taken=0
  start_job --oversubscribe --wdir "$SCRATCH/work" -np "${CAIRN_COLLECTIVE_RANKS:-2}" "$program" "$1"
  wait_for_line '^begun$' 100
  for ((i = 0; i < requests; ++i)); do
    sleep "0.0$((RANDOM % 30 + 10))"  # requests come at any moment
    request "$1"
  done
  touch "$SCRATCH/work/end"
  expect_pass 60
  say "$1: $taken of $requests requests were taken"
  [ -n "$SNAPSHOT" ] || return 0
  restart --mpirun_opts "--oversubscribe" --missing=create  # files that a later round has deleted
  expect_pass 60
  rm -rf "$SNAPSHOT"
}

[ "$#" -gt 0 ] || set -- all
[ "$1" != each ] || mapfile -t names < <("$program" list)
[ "$1" = each ] || names=("$@")
for name in "${names[@]}"; do ask_during "$name"; done
