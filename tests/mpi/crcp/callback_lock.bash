# SPDX-License-Identifier: Apache-2.0
# A reduction of the program wants a lock that another thread of it holds over short calls of MPI, as in Python: neither
# waits for the other for good, nor does libcr's thread for one of them; checkpoints are taken, and the last one restarts.
# CAIRN_CHECKPOINTS: how many.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/thread_rounds.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/thread_rounds.bash"
test_begin crcp_callback_lock
start_job --oversubscribe -np 2 "$CAIRN_BUILD/tests/programs/crcp_callback_lock" "$SCRATCH/stop"
wait_for_line '^round 3$|^no threads' 30
! grep -q '^no threads' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
survives "${CAIRN_CHECKPOINTS:-4}" 3 30
