# SPDX-License-Identifier: Apache-2.0
# left_others.bash spawn|multiple|connect|join: with spawned processes a checkpoint is refused by name, with others of the same job it is
# taken; when they have left each other it is taken, the job is killed and restarted, and the two sides meet once more.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin crcp_left_others
start_job --oversubscribe --wdir "$SCRATCH" -np 3 "$CAIRN_BUILD/tests/programs/crcp_left_others" "$1"
wait_for_line '^together'
if [ "$1" = connect ] || [ "$1" = join ]; then
  checkpoint
  kill_job
  restart --mpirun_opts --oversubscribe
else
  "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1 && fail "a checkpoint was taken of processes of another job"
  grep -q MPI_Comm_spawn "$SCRATCH/answer.log" || { show_log "$SCRATCH/answer.log"; fail "the refusal does not say why"; }
fi
touch "$SCRATCH/leave"
wait_for_line '^alone'
# The spawned processes may be on their way out.
end=$(deadline_of 30)
until "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/answer.log" 2>&1; do
  running "$JOB_PID" || fail "the job ended"
  [ "$SECONDS" -lt "$end" ] || { show_log "$SCRATCH/answer.log"; fail "no checkpoint is taken"; }
done
checkpoint
kill_job
restart --mpirun_opts --oversubscribe
touch "$SCRATCH/again"
expect_pass 60
