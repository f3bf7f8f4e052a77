# SPDX-License-Identifier: Apache-2.0
# ompi-restart --fork stays while its mpirun runs: a checkpoint asked of its number is one of its job.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.restart_fork mpirun ompi-checkpoint ompi-restart

start_job -np 2 "$EXAMPLES/ring" --steps 100000000
wait_for_line '^step'
checkpoint
kill_job
restart --fork
status=3
end=$(deadline_of 60)
while [ "$status" -eq 3 ]; do
  [ "$SECONDS" -lt "$end" ] || fail "not served in 60 s"
  timeout -k 5 60 "$BIN/ompi-checkpoint" --term "$JOB_PID" >"$SCRATCH/asked.log" 2>&1
  status=$?
done
[ "$status" -eq 0 ] || { show_log "$SCRATCH/asked.log"; fail "ompi-checkpoint: status $status"; }
expect_status 85
