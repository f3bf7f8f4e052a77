# SPDX-License-Identifier: Apache-2.0
# freed_while_pending.bash continue|restart: objects are freed while operations need them, over a checkpoint.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_freed_while_pending_$1"
start_job --oversubscribe -np 4 "$CAIRN_BUILD/tests/programs/crcp_freed_while_pending" "$SCRATCH/go" "$SCRATCH/on"
wait_for_line '^ready'
# Rank 2 is the one that is waited for.
{
  until "$BIN/ompi-checkpoint" --verbose --status "$JOB_PID" 2>&1 | grep -q 'rank 2:.*admission'; do
    running "$JOB_PID" && [ ! -e "$SCRATCH/done" ] || exit
  done
  touch "$SCRATCH/go"
} &
checkpoint
touch "$SCRATCH/done"
wait $!
if [ "$1" = restart ]; then
  kill_job
  restart
fi
touch "$SCRATCH/on"
expect_pass 60
