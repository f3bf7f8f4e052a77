# SPDX-License-Identifier: Apache-2.0
# held_twice.bash continue|restart: what happens at the first of two checkpoints, between which one end of a freed
# communicator goes. The second one is restarted.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_held_twice_$1"
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/crcp_held_twice" "$SCRATCH/first" "$SCRATCH/second"
wait_for_line '^ready 1'
checkpoint
go_on_with "$1" "$SCRATCH/first"
wait_for_line '^ready 2'
checkpoint
kill_job
touch "$SCRATCH/second"
restart
expect_pass 60
