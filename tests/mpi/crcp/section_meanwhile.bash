# SPDX-License-Identifier: Apache-2.0
# A rank that has to go through a critical section before it comes to where others wait for it may do so while a request
# waits for it: the checkpoint is taken.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_section_meanwhile
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_section_meanwhile" "$SCRATCH/go"
wait_for_line '^rank 2 waits'
timeout -k 5 100 "$BIN/ompi-checkpoint" --timeout 40 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
request=$!
end=$(deadline_of 15)
until "$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1 | grep -q '"text":"admission: is in MPI_Recv'; do
  running "$request" || { show_log "$SCRATCH/answer.log"; fail "the request is over"; }
  [ "$SECONDS" -lt "$end" ] || fail "no rank is waited for"
done
touch "$SCRATCH/go"
wait "$request" || { show_log "$SCRATCH/answer.log"; fail "not taken"; }
expect_pass 60
