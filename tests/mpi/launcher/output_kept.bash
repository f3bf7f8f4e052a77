# SPDX-License-Identifier: Apache-2.0
# --output-filename: what the ranks printed before the checkpoint is still there after a restart, which prints elsewhere.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.output_kept mpirun ompi-checkpoint ompi-restart
start_job --output-filename out -np 1 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
cp out/1/rank.0/stdout before
grep -q '[sS]tep' before || fail "nothing was printed: $(find out | xargs)"
restart
wait_for_line "output goes to out\.restart-1"
wait_for_line '[sS]tep'
cmp out/1/rank.0/stdout before || fail "what was printed before is not what it was"
grep -q '[sS]tep' out.restart-1/1/rank.0/stdout || fail "nothing is printed to the new place"
kill_job
"$BIN/ompi-restart" --showme "$SNAPSHOT" 2>/dev/null | grep -q -- '--output-filename out.restart-2' || fail "not the next name"
