# SPDX-License-Identifier: Apache-2.0
# ompi-checkpoint --wait asks again by itself: of a job that has only begun to start, and while a rank is stopped. It does not
# go on asking for a job that has ended.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.wait mpirun ompi-checkpoint ompi-restart

start_job --oversubscribe -np 3 "$CAIRN_BUILD/tests/programs/crcp_stopped_rank" "$SCRATCH/until"
checkpoint --wait 60
wait_for_line '^rank 1 is process'
rank=$(sed -n 's/^rank 1 is process //p' "$JOB_LOG")
kill -STOP "$rank"
"$BIN/ompi-checkpoint" --wait 1 --timeout 1 "$JOB_PID" >"$SCRATCH/stopped.log" 2>&1
[ $? -eq 3 ] || { show_log "$SCRATCH/stopped.log"; fail "the checkpoint of a stopped rank was not given up"; }
"$BIN/ompi-checkpoint" --wait 60 --timeout 1 -v "$JOB_PID" >"$SCRATCH/waits.log" 2>&1 &
asking=$!
until=$(deadline_of 30)
while ! grep -q 'asking again' "$SCRATCH/waits.log"; do
  [ "$SECONDS" -lt "$until" ] || { show_log "$SCRATCH/waits.log"; fail "it does not say why it waits"; }
  sleep 0.1
done
kill -CONT "$rank"
wait "$asking" || { show_log "$SCRATCH/waits.log"; fail "not served when the rank went on"; }
: >"$SCRATCH/until"
expect_pass 60

start_job -np 1 sh -c "until [ -e $SCRATCH/end ]; do sleep 0.05; done"  # nothing that could be saved
timeout 120 "$BIN/ompi-checkpoint" --wait 110 -v "$JOB_PID" >"$SCRATCH/ended.log" 2>&1 &
asking=$!
until=$(deadline_of 30)
until grep -q 'has not called MPI_Init.*asking again' "$SCRATCH/ended.log"; do
  [ "$SECONDS" -lt "$until" ] || { show_log "$SCRATCH/ended.log"; fail "a program without MPI is not waited for"; }
  sleep 0.05
done
: >"$SCRATCH/end"
wait_job 60
wait "$asking"
{ [ $? -eq 5 ] && grep -q '^the job has ended' "$SCRATCH/ended.log"; } || { show_log "$SCRATCH/ended.log"; fail "it does not say that the job has ended"; }
