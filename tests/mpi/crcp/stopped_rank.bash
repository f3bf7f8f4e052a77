# SPDX-License-Identifier: Apache-2.0
# A rank that is stopped when a request comes is waited for, named and given up; what the others do meanwhile goes on, and
# they do not wait for it in any section of MPI. Continued, it finds the request over, and the next one succeeds.
# STOPPED_SECONDS (0): how much longer than the timeout it is stopped.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_stopped_rank
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_stopped_rank" "$SCRATCH/until"
wait_for_line '^rank 1 is process'
wait_for_line '^round 2$'
stopped=$(sed -n 's/^rank 1 is process //p' "$JOB_LOG")

kill -STOP "$stopped"
refused 3 'Silent .*: rank 1$' --timeout 2
until_answered 10 more_rounds $(($(rounds) + 10))
[ "${STOPPED_SECONDS:-0}" -eq 0 ] || sleep "$STOPPED_SECONDS"
until_answered 10 more_rounds $(($(rounds) + 10))
kill -CONT "$stopped"
until_answered 20 is_free
until_answered 10 more_rounds $(($(rounds) + 10))
checkpoint
touch "$SCRATCH/until"
expect_pass 60
