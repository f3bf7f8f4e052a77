# SPDX-License-Identifier: Apache-2.0
# window_order.bash TRANSPORT[-pt2pt]: accumulates keep their order, and flushing some targets locally waits for no others
# (window_order.c), between nodes; before a checkpoint, after it, and after a restart.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_window_order_$1"
options="--oversubscribe --mca pml ob1 --mca btl ${1%-*},self"
[ "$1" = "${1%-pt2pt}" ] || options="$options --mca osc pt2pt" # else osc/rdma has it
# shellcheck disable=SC2086  # several options
start_job $options -x LD_PRELOAD="$CAIRN_BUILD/tests/programs/libshim_apart.so" -np 3 \
  "$CAIRN_BUILD/tests/programs/shim_window_order" 0 "$SCRATCH/stop"
wait_for_line '^round 20$'
checkpoint
wait_for_line '^round [0-9]*0$'
kill_job
restart --mpirun_opts "$options"
wait_for_line '^round '
touch "$SCRATCH/stop"
expect_pass
