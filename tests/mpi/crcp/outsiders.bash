# SPDX-License-Identifier: Apache-2.0
# outsiders.bash CALL: requests while a rank waits, in a call of MPI, for processes outside of its communicator which do not
# come before the requests are over: they are refused by the call's name within seconds, and the job ends right.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_outsiders
call=$1

# Until the rank is in the call, requests may be taken, or be refused otherwise.
is_refused_by_name() {
  timeout -k 5 40 "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1
  local status=$?
  [ "$status" -ne 124 ] || fail "a request is not answered: $("$BIN/ompi-checkpoint" --status "$JOB_PID" 2>&1 | head -2)"
  [ "$status" -ne 0 ] && grep -q "$call" "$SCRATCH/answer.log"
}

start_job --oversubscribe --wdir "$SCRATCH" -np 2 "$CAIRN_BUILD/tests/programs/crcp_outsiders" "$call"
end=$(deadline_of 100)
for ((refused = 0; refused < 5;)); do
  if is_refused_by_name; then refused=$((refused + 1)); fi
  running "$JOB_PID" || fail "the job ended"
  [ "$SECONDS" -lt "$end" ] || { show_log "$SCRATCH/answer.log"; fail "$refused requests were refused by name"; }
done
touch "$SCRATCH/come"
expect_pass 60
