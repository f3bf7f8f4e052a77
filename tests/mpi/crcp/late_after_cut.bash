# SPDX-License-Identifier: Apache-2.0
# --term: a rank that is stopped behind the cut, when others have been saved and stand. They go on when the time is over,
# nothing looks like a snapshot, and the stopped rank goes on, too. The next request with --term ends the job.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_late_after_cut
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_late_after_cut" "$SCRATCH/stop" "$SCRATCH/until"
wait_for_line '^round 2$'

touch "$SCRATCH/stop"
refused 3 'Silent .*: rank 1$' --term --timeout 3
rm "$SCRATCH/stop"
stopped=$(sed -n 's/^process \(.*\) stops/\1/p' "$JOB_LOG")
[ -n "$stopped" ] || fail "rank 1 did not come to the cut"
until_answered 10 more_rounds $(($(rounds) + 5))
kill -CONT "$stopped"
until_answered 20 is_free
[ -z "$(find "$SCRATCH/snapshots" -name '*.ctx')" ] || fail "images of a checkpoint that failed are left"
until_answered 10 more_rounds $(($(rounds) + 5))
checkpoint --term
expect_status 85 30
touch "$SCRATCH/until"
restart
expect_pass 60
