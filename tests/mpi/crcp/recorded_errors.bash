# SPDX-License-Identifier: Apache-2.0
# recorded_errors.bash continue|restart: recorded operations of a file that fail when they are begun at last.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_recorded_errors_$1"
echo 'nothing for anybody to write to' >data
start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_recorded_errors" "$SCRATCH/go" "$SCRATCH/on" \
  "$SCRATCH/data"
wait_for_line '^ready'
checkpoint_awaiting 1 "$SCRATCH/go"
go_on_with "$1" "$SCRATCH/on"
expect_pass 60
