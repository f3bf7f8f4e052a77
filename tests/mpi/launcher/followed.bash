# SPDX-License-Identifier: Apache-2.0
# --cr-keep counts the checkpoints of a job from restart to restart, and ompi-restart says when there is a newer one.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.followed mpirun ompi-checkpoint ompi-restart

sequences_of() { find "$1" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f ' 2>/dev/null | tr ' ' '\n' | sort -n | xargs; }
expect_of() { [ "$(sequences_of "$1")" = "$2" ] || fail "$1 has: $(sequences_of "$1"), not: $2"; }
# The restarted job's own snapshot.
next_snapshot() { find "$SCRATCH/snapshots" -name "ompi_global_snapshot_$JOB_PID.ckpt"; }

start_job --cr-keep 3 -np 2 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
for _ in 1 2 3 4; do checkpoint; done
first=$SNAPSHOT
expect_of "$first" "1 2 3"
kill_job

SNAPSHOT=$first
restart
wait_for_line '[sS]tep'
! grep -q 'saved since' "$JOB_LOG" || fail "nothing is newer: $(cat "$JOB_LOG")"
timeout 60 "$BIN/ompi-checkpoint" "$JOB_PID" >checkpoint.log 2>&1 || fail "$(cat checkpoint.log)"
second=$(next_snapshot)
expect_of "$second" "0"
expect_of "$first" "2 3"
kill_job
"$BIN/ompi-restart" --showme "$first" >showme 2>&1 || fail "--showme"
tr -s '\n ' ' ' <showme | grep -q "saved since: $second/0" || fail "nobody says that $second is newer: $(cat showme)"
"$BIN/ompi-restart" --seq 3 --showme "$first" >showme 2>&1 || fail "--showme"
! grep -q 'saved since' showme || fail "$(cat showme)"

SNAPSHOT=$second
restart
wait_for_line '[sS]tep'
for left in "3" "" ""; do
  timeout 60 "$BIN/ompi-checkpoint" "$JOB_PID" >checkpoint.log 2>&1 || fail "$(cat checkpoint.log)"
  expect_of "$first" "$left"
done
third=$(next_snapshot)
[ ! -e "$first" ] || fail "$first is there still"
[ ! -e "$second" ] || fail "$second is there still"
expect_of "$third" "0 1 2"
kill_job
SNAPSHOT=$third
restart
wait_for_line '[sS]tep'
kill_job
