# SPDX-License-Identifier: Apache-2.0
# Who asks again and again for a checkpoint of a job that starts, or is restarted, hears "later", and is served at last. Of a
# program that does not use MPI it is said what it may be.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.asked_too_early mpirun ompi-checkpoint ompi-restart

ask_until_served() {
  local status=3 end log=$SCRATCH/asked.log
  end=$(deadline_of 60)
  while [ "$status" -eq 3 ]; do
    [ "$SECONDS" -lt "$end" ] || { show_log "$log"; fail "not served in 60 s"; }
    timeout -k 5 60 "$BIN/ompi-checkpoint" "$JOB_PID" >"$log" 2>&1
    status=$?
  done
  [ "$status" -eq 0 ] || { show_log "$log"; fail "ompi-checkpoint: status $status"; }
}

start_job -np 2 "$EXAMPLES/ring" --steps 100000000
ask_until_served
checkpoint
kill_job
restart
ask_until_served
kill_job

start_job -np 2 sleep 60
timeout 20 "$BIN/ompi-checkpoint" "$JOB_PID" >asked.log 2>&1
[ $? -eq 3 ] && grep -q 'rank 0 has not called MPI_Init' asked.log || fail "$(cat asked.log)"
kill_job
