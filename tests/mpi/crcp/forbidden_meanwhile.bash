# SPDX-License-Identifier: Apache-2.0
# A rank that others wait for makes what cannot be saved while it is waited for: the request is refused by that name at once, long
# before the time is over.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_forbidden_meanwhile
start_job --oversubscribe --wdir "$SCRATCH" -np 2 "$CAIRN_BUILD/tests/programs/crcp_forbidden_meanwhile" \
  "$SCRATCH/open" "$SCRATCH/close"
wait_for_line '^rank 0 waits'
request_until '"text":"admission: has been outside' --timeout 40
touch "$SCRATCH/open"
begun=$SECONDS
wait "$request" && fail "taken, with what cannot be saved"
grep -qE 'rank 1 on [^:]*: (cannot be checkpointed now: )?(it is in MPI_Comm_spawn|.*a communicator with processes of another job)' "$SCRATCH/answer.log" ||
  { show_log "$SCRATCH/answer.log"; fail "what rank 1 has made is not named"; }
[ $((SECONDS - begun)) -lt 10 ] || fail "named after $((SECONDS - begun)) s only"
touch "$SCRATCH/close"
expect_pass 60
