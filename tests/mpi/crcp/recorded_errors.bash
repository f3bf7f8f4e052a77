# SPDX-License-Identifier: Apache-2.0
# recorded_errors.bash continue|restart: recorded operations of a file that fail when they are begun at last.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_recorded_errors_$1"
echo 'nothing for anybody to write to' >data
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_recorded_errors" "$SCRATCH/go" "$SCRATCH/on" \
  "$SCRATCH/data"
wait_for_line '^ready'
# Rank 1 is the one that is waited for.
{
  until "$BIN/ompi-checkpoint" --verbose --status "$JOB_PID" 2>&1 | grep -q 'rank 1:.*admission'; do
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
