# SPDX-License-Identifier: Apache-2.0
# window_sums.bash: ranks that go on after a checkpoint do not change the memory of one that is still being saved.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_window_sums
start_job --cr-fork no --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/shim_window_sums" "$SCRATCH/stop"
wait_for_line '^round 3$'
checkpoint
kill_job
restart --mpirun_opts --oversubscribe
wait_for_line '^round '
touch "$SCRATCH/stop"
expect_pass
