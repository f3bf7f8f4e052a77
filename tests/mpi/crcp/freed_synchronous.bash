# SPDX-License-Identifier: Apache-2.0
# A synchronous send is not taken for an earlier one whose request was freed. The first of two checkpoints is restarted, or the job
# goes on: freed_synchronous.bash continue|restart
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_freed_synchronous_$1"
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_freed_synchronous" "$SCRATCH/first" "$SCRATCH/second"
wait_for_line '^ready 1'
checkpoint
go_on_with "$1" "$SCRATCH/first"
wait_for_line '^ready 2'
checkpoint
touch "$SCRATCH/second"
expect_pass 60
