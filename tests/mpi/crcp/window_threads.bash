# SPDX-License-Identifier: Apache-2.0
# window_threads.bash NP: threads of several ranks use windows of one node at a time; checkpointed a few times
# (CAIRN_THREADS_CHECKPOINTS), killed and restarted, and everything that was written is there.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "crcp_window_threads_$1"
more_rounds() {
  local last
  last=$(sed -n 's/^round //p' "$JOB_LOG" | tail -n 1)
  wait_for_line "^round $((last + $1))\$" 60
}
start_job --oversubscribe -np "$1" "$CAIRN_BUILD/tests/programs/crcp_window_threads" "$SCRATCH/stop"
wait_for_line '^round 3$|^no threads'
! grep -q '^no threads' "$JOB_LOG" || skip "this MPI library does not give MPI_THREAD_MULTIPLE"
for ((i = 0; i < ${CAIRN_THREADS_CHECKPOINTS:-2}; ++i)); do
  checkpoint
  more_rounds 1
done
kill_job
restart
wait_for_line '^round'
more_rounds 2
touch "$SCRATCH/stop"
expect_pass 60
