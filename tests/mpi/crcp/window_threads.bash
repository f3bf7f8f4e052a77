# SPDX-License-Identifier: Apache-2.0
# window_threads.bash NP: threads of several ranks use windows of one node at a time; checkpointed a few times
# (CAIRN_THREADS_CHECKPOINTS), killed and restarted, and everything that was written is there.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/thread_rounds.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/thread_rounds.bash"
test_begin "crcp_window_threads_$1"
start_job --oversubscribe -np "$1" "$CAIRN_BUILD/tests/programs/crcp_window_threads" "$SCRATCH/stop"
wait_for_line '^round 3$|^no threads'
! grep -q '^no threads' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
survives "${CAIRN_THREADS_CHECKPOINTS:-2}" 2 60
