# SPDX-License-Identifier: Apache-2.0
# clock.bash: in a restart MPI_Wtime goes on from where it was, whichever thread looks at it first.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_clock
start_job -np 1 "$CAIRN_BUILD/tests/programs/shim_clock" "$SCRATCH/stop"
wait_for_line '^looks'
checkpoint
kill_job
restart
touch "$SCRATCH/stop"
expect_pass
