# SPDX-License-Identifier: Apache-2.0
# window_split.bash: ranks that have memory in common are not restarted on several nodes. That is found before anything is
# launched (the nodes named here do not exist), where it can be.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_window_split
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/shim_window_stores" "$SCRATCH/stop"
wait_for_line '^round 2$'
checkpoint
kill_job
printf 'cairn-nowhere-a slots=2\ncairn-nowhere-b slots=2 # two\n' >two-nodes
restart --hostfile two-nodes
expect_status 4
grep -q 'rank 0 would be on cairn-nowhere-a, rank 2 on cairn-nowhere-b' "$JOB_LOG" || fail "the refusal: $(cat "$JOB_LOG")"
grep -q 'cairn-nowhere.*ssh' "$JOB_LOG" && fail "something was launched"
printf 'localhost slots=2\n' >one-node
restart --hostfile one-node --mpirun_opts --oversubscribe
wait_for_line '^round '
touch "$SCRATCH/stop"
expect_pass
