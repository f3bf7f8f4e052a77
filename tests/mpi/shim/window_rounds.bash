# SPDX-License-Identifier: Apache-2.0
# window_rounds.bash TRANSPORT [RESTARTS]: window_rounds.c, between nodes, goes on after a checkpoint at any moment, and is
# killed and restarted from the next one.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_window_rounds_$1"
options="--oversubscribe --mca pml ob1 --mca btl $1,self"
# A window that is being made has a descriptor for a moment, with which nobody can be saved.
checkpoint_sometime() {
  until (checkpoint) >"$SCRATCH/attempt.log" 2>&1; do
    grep -q "cannot be saved yet" "$SCRATCH/checkpoint.log" || fail "refused: $(cat "$SCRATCH/checkpoint.log")"
  done
  SNAPSHOT=$(sed -n 's/.*checkpoint: //p' "$SCRATCH/attempt.log" | tail -n 1)
}
# shellcheck disable=SC2086  # several options
start_job $options -x LD_PRELOAD="$CAIRN_BUILD/tests/programs/libshim_apart.so" -np 3 \
  "$CAIRN_BUILD/tests/programs/shim_window_rounds" "$SCRATCH/stop"
wait_for_line '^round 2$'
for ((i = 0; i < ${2:-1}; i++)); do
  checkpoint_sometime
  checkpoint_sometime
  kill_job
  restart --mpirun_opts "$options"
  wait_for_line '^round '
done
touch "$SCRATCH/stop"
expect_pass
