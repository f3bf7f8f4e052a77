# SPDX-License-Identifier: Apache-2.0
# Two requests are given up while a rank has not yet looked at a communicator that others use: the job ends as if nothing
# had been asked.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_unseen_copy
start_job --oversubscribe -np 4 "$CAIRN_BUILD/tests/programs/crcp_unseen_copy" "$SCRATCH/go" "$SCRATCH/on"
wait_for_line '^ready'
for i in 1 2; do
  timeout 60 "$BIN/ompi-checkpoint" --timeout 2 "$JOB_PID" >"$SCRATCH/refused-$i.log" 2>&1 &
  request=$!
  until timeout 60 "$BIN/ompi-checkpoint" --status "$JOB_PID" 2>&1 | grep -q coordinating; do
    running "$request" || fail "request $i has ended before the ranks took it up"
  done
  touch "$SCRATCH/go"
  wait "$request"
  status=$?
  [ "$status" -eq 3 ] || { show_log "$SCRATCH/refused-$i.log"; fail "request $i: status $status, not a refusal for now"; }
done
touch "$SCRATCH/on"
expect_pass 30
