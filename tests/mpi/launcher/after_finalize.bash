# SPDX-License-Identifier: Apache-2.0
# A job whose ranks have all called MPI_Finalize and work on cannot be checkpointed any more: ompi-checkpoint says so at once,
# with the status of what is for good, also if it may wait; the job is none the worse.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.after_finalize mpirun ompi-checkpoint
start_job -np 2 "$CAIRN_BUILD/tests/programs/launcher_after_finalize" "$SCRATCH/end"
wait_for_line '^finalized'
# The ranks do not wait until mpirun has heard that they were there at all.
until_time=$(deadline_of 30)
until "$BIN/ompi-checkpoint" --status "$JOB_PID" 2>&1 | grep -q finalizing; do
  [ "$SECONDS" -lt "$until_time" ] || fail "$("$BIN/ompi-checkpoint" --status "$JOB_PID" 2>&1)"
  sleep 0.05
done
for options in '' '--wait 300' '--term --wait 300'; do
  # shellcheck disable=SC2086
  timeout 60 "$BIN/ompi-checkpoint" $options "$JOB_PID" >checkpoint.log 2>&1
  status=$?
  { [ "$status" -eq 5 ] && grep -q 'all ranks of the job have called MPI_Finalize' checkpoint.log &&
    ! grep -q 'asked again' checkpoint.log; } || fail "$options: $status: $(cat checkpoint.log)"
done
touch end
expect_status 0 60
