# SPDX-License-Identifier: Apache-2.0
# While checkpoints are taken, what the ranks do is asked for again and again: each checkpoint is taken, each question
# answered, and the program, restarted from it, has nothing of theirs.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_status_meanwhile
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/crcp_status_meanwhile" "$SCRATCH/stop"

ask() {
  until [ -e "$SCRATCH/asked" ]; do
    timeout -k 5 "$((30 * ${CAIRN_TEST_SLOW:-1}))" "$BIN/ompi-checkpoint" --verbose --status "$JOB_PID" >"$SCRATCH/status.$1" 2>&1 ||
      { cp "$SCRATCH/status.$1" "$SCRATCH/unanswered"; return; }
    grep -Eo 'rank [01]: [a-z]+' "$SCRATCH/status.$1" >>"$SCRATCH/phases"
  done
}

for _ in 1 2 3; do
  wait_for_line '^round'
  rm -f "$SCRATCH/asked"
  ask 1 &
  first=$!
  ask 2 &
  second=$!
  for _ in 1 2 3 4; do checkpoint; done
  touch "$SCRATCH/asked"
  wait "$first" "$second"
  [ ! -e "$SCRATCH/unanswered" ] || { show_log "$SCRATCH/unanswered"; fail "the status was not told"; }
  kill_job
  restart
done
wait_for_line '^round'
touch "$SCRATCH/stop"
expect_pass 60
say "$(sort "$SCRATCH/phases" | uniq -c | xargs)"
grep -Eq 'coordinating|capturing|writing' "$SCRATCH/phases" || fail "the status was never told during a checkpoint"
