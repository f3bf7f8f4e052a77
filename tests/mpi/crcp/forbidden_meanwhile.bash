# SPDX-License-Identifier: Apache-2.0
# A rank that others wait for makes what cannot be saved while it is waited for: the request is refused by that name at once, long
# before the time is over.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_forbidden_meanwhile
start_job --oversubscribe --wdir "$SCRATCH" -np 2 "$CAIRN_BUILD/tests/programs/crcp_forbidden_meanwhile" \
  "$SCRATCH/open" "$SCRATCH/close"
wait_for_line '^rank 0 waits'
timeout -k 5 100 "$BIN/ompi-checkpoint" --timeout 40 "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 &
request=$!
end=$(deadline_of 15)
until "$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1 | grep -q '"text":"admission: has been outside'; do
  running "$request" || { show_log "$SCRATCH/answer.log"; fail "the request is over"; }
  [ "$SECONDS" -lt "$end" ] || fail "no rank is waited for"
done
touch "$SCRATCH/open"
begun=$SECONDS
wait "$request" && fail "taken, with what cannot be saved"
grep -q 'rank 1 cannot be checkpointed now: .*MPI_T_init_thread' "$SCRATCH/answer.log" ||
  { show_log "$SCRATCH/answer.log"; fail "what rank 1 has made is not named"; }
[ $((SECONDS - begun)) -lt 10 ] || fail "named after $((SECONDS - begun)) s only"
touch "$SCRATCH/close"
expect_pass 60
