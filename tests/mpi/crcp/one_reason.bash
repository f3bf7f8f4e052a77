# SPDX-License-Identifier: Apache-2.0
# What stands in the way of one rank is told once, whole, by that rank's number, whichever it is: not also by those that
# have heard it from that rank. --status and --json say the same.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/refused.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/refused.bash"
test_begin crcp_one_reason
program=$CAIRN_BUILD/tests/programs/crcp_one_reason

# is_the_only_rank RANK FILE REGEX
is_the_only_rank() {
  [ "$(grep -oE 'rank [0-9]+ (on|cannot|did)' "$2" | xargs)" = "rank $1 on" ] && ! grep -q ' more)' "$2" && grep -Eq -- "rank $1 on [^:]*: $3" "$2" ||
    { show_log "$2"; fail "not told once, of rank $1"; }
}
told_once() {
  refused "$1" '' --timeout 40
  is_the_only_rank "$2" refused.log "$3"
  "$BIN/ompi-checkpoint" --status "$JOB_PID" >status.log 2>&1 || fail "--status"
  is_the_only_rank "$2" status.log "$3"
  refused "$1" '' --timeout 40 --json
  grep '^{' refused.log >answer.json
  is_the_only_rank "$2" answer.json "$3"
}

for rank in 0 1 2; do
  start_job --oversubscribe -np 3 "$program" "$rank" "$SCRATCH/until"
  wait_for_line '^round 2$'
  told_once 3 "$rank" 'family 16 socket'
  touch until
  expect_pass 60
  rm until
done

# Input that nobody has read yet: a long text.
start_command bash -c 'exec "$@" < <(yes)' bash "$BIN/mpirun" --with-cr --cr-dir snapshots --oversubscribe -np 3 \
  "$program" -1 "$SCRATCH/until"
wait_for_line '^round 2$'
told_once 3 0 '.*'
! grep -q 'cannot be checkpointed: ' refused.log || fail "$(cat refused.log)"
kill_job
