# SPDX-License-Identifier: Apache-2.0
# intercomm_threads.bash NP: threads of a rank are in MPI_Intercomm_create at the same time, in a job that is checkpointed
# (CAIRN_THREADS_CHECKPOINTS times), killed and restarted, and each of them goes on making intercommunicators.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/thread_rounds.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/thread_rounds.bash"
test_begin "crcp_intercomm_threads_$1"
start_job --oversubscribe -np "$1" "$CAIRN_BUILD/tests/programs/crcp_intercomm_threads" "$SCRATCH/stop"
wait_for_line '^round 3$' 60
grep -q '^level multiple' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
survives "${CAIRN_THREADS_CHECKPOINTS:-3}" 3 60
