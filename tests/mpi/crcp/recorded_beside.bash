# SPDX-License-Identifier: Apache-2.0
# recorded_beside.bash continue|restart immediate|persistent: a collective is recorded while another thread of its rank is inside of one that the
# others come to only behind it: both are gone through, and the checkpoint is taken.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_recorded_beside_$1_$2"
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/crcp_recorded_beside" "$SCRATCH/go" "$SCRATCH/on" \
  "$2"
wait_for_line '^ready|^no threads'
! grep -q '^no threads' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
checkpoint_awaiting 1 "$SCRATCH/go"
go_on_with "$1" "$SCRATCH/on"
expect_pass 60
