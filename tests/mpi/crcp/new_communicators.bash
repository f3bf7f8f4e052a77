# SPDX-License-Identifier: Apache-2.0
# Checkpoints are asked for without a pause of a program that makes, uses and frees communicators without a pause, some of
# them with so short a timeout that they are refused: it goes on after each, and the last one restarts.
# CAIRN_REQUESTS: how many.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/more_rounds.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/more_rounds.bash"
test_begin crcp_new_communicators
start_job --oversubscribe -np "${CAIRN_RANKS:-3}" "$CAIRN_BUILD/tests/programs/crcp_new_communicators" "$SCRATCH/until"
wait_for_line '^round'

refused=0
for ((i = 0; i < ${CAIRN_REQUESTS:-6}; ++i)); do
  timeout -k 5 60 "$BIN/ompi-checkpoint" --timeout $((1 + i % 3)) "$JOB_PID" >"$SCRATCH/answer.log" 2>&1
  case $? in
    0) rm -rf "$SCRATCH"/snapshots/* ;;
    3) refused=$((refused + 1)) ;; # not level in time
    *) show_log "$SCRATCH/answer.log"; fail "request $i" ;;
  esac
  [ $((i % 3)) -ne 2 ] || await_more_rounds 40 "after request $i"
done
say "$refused requests were refused"
checkpoint --wait 60 # ranks may still be on their way back from the last one
kill_job
restart
wait_for_line '^round'
touch "$SCRATCH/until"
expect_pass 60
