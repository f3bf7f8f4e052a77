# SPDX-License-Identifier: Apache-2.0
# threads.bash NP KINDS: a job in MPI_THREAD_MULTIPLE, whose ranks have the threads that KINDS says (threads.c), is checkpointed
# a few times (CAIRN_THREADS_CHECKPOINTS), killed and restarted, and everything that its threads receive is right.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
# shellcheck source=tests/mpi/crcp/thread_rounds.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/thread_rounds.bash"
test_begin "crcp_threads_$1_$2"
start_job --oversubscribe -np "$1" "$CAIRN_BUILD/tests/programs/crcp_threads" "$SCRATCH/stop" "$2"
wait_for_line '^round 3$'
grep -q '^level multiple' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
survives "${CAIRN_THREADS_CHECKPOINTS:-3}" 3 60
