# SPDX-License-Identifier: Apache-2.0
# freed_while_pending.bash continue|restart: objects are freed while operations need them, over a checkpoint.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_freed_while_pending_$1"
start_job --oversubscribe -np 4 "$CAIRN_BUILD/tests/programs/crcp_freed_while_pending" "$SCRATCH/go" "$SCRATCH/on"
wait_for_line '^ready'
checkpoint_awaiting 2 "$SCRATCH/go"
go_on_with "$1" "$SCRATCH/on"
expect_pass 60
