# SPDX-License-Identifier: Apache-2.0
# at_the_gate.bash persistent|messages|objects: a job that is always in calls of that kind is killed and restarted again and
# again.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_at_the_gate.$1"
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/crcp_at_the_gate" "$1" "$SCRATCH/stop"
for _ in 1 2 3 4 5; do
  wait_for_line '^round'
  checkpoint
  kill_job
  restart
done
wait_for_line '^round'
touch "$SCRATCH/stop"
expect_pass 60
