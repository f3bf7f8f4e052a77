# SPDX-License-Identifier: Apache-2.0
# threads.bash NP KINDS: a job in MPI_THREAD_MULTIPLE, whose ranks have the threads that KINDS says (threads.c), is checkpointed
# a few times (CAIRN_THREADS_CHECKPOINTS), killed and restarted, and everything that its threads receive is right.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_threads_$1_$2"
# As many rounds more. The numbers go on in a restarted job, whose log is a new one.
more_rounds() {
  local last
  last=$(sed -n 's/^round //p' "$JOB_LOG" | tail -n 1)
  wait_for_line "^round $((last + $1))\$" 60
}
start_job --oversubscribe -np "$1" "$CAIRN_BUILD/tests/programs/crcp_threads" "$SCRATCH/stop" "$2"
wait_for_line '^round 3$'
grep -q '^level multiple' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
for ((i = 0; i < ${CAIRN_THREADS_CHECKPOINTS:-3}; ++i)); do
  checkpoint
  more_rounds 1
done
kill_job
restart
wait_for_line '^round'
more_rounds 3
touch "$SCRATCH/stop"
expect_pass 60
