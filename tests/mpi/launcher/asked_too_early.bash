# SPDX-License-Identifier: Apache-2.0
# Who asks again and again for a checkpoint of a job that starts, or is restarted, hears "later", and is served at last.
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
