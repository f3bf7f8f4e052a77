# SPDX-License-Identifier: Apache-2.0
# window_sums.bash [TRANSPORT]: ranks that go on after a checkpoint do not change the memory of one that is still being
# saved; with TRANSPORT, of a window between nodes, whose operations are under way when the checkpoint is asked for.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_window_sums_${1:-near}"
options=--oversubscribe
apart=()
if [ $# -ne 0 ]; then
  options="$options --mca pml ob1 --mca btl $1,self"
  apart=(-x LD_PRELOAD="$CAIRN_BUILD/tests/programs/libshim_apart.so")
fi
# shellcheck disable=SC2086  # several options
start_job --cr-fork no $options "${apart[@]}" -np 3 "$CAIRN_BUILD/tests/programs/shim_window_sums" "$SCRATCH/stop"
wait_for_line '^round 3$'
checkpoint
kill_job
restart --mpirun_opts "$options"
wait_for_line '^round '
touch "$SCRATCH/stop"
expect_pass
