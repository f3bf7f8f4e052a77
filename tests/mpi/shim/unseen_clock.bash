# SPDX-License-Identifier: Apache-2.0
# unseen_clock.bash: MPI_Wtime goes on from the cut, though the program does not look at it before the cut, nor between
# one restart and the next cut.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_unseen_clock
start_job -np 1 "$CAIRN_BUILD/tests/programs/shim_unseen_clock" "$SCRATCH/stop" 2
for life in first second; do
  wait_for_line '^works'
  checkpoint
  kill_job
  say "the $life life is over"
  restart
done
wait_for_line '^works'
touch "$SCRATCH/stop"
expect_pass
