# SPDX-License-Identifier: Apache-2.0
# ompi-restart --apponly: Open MPI's mpirun starts the ranks from the file, whatever is in the snapshot's path. So does
# mpirun --with-cr, and the job can be checkpointed and restarted again.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.app_file mpirun ompi-checkpoint ompi-restart

directory="$SCRATCH/snapshots/a \"b\" %20 c'd #1"
mkdir "$directory"
start_command "$BIN/mpirun" --with-cr --cr-dir "$directory" --tag-output -np 2 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
timeout 60 "$BIN/ompi-checkpoint" --term "$JOB_PID" >checkpoint.log 2>&1 || fail "$(cat checkpoint.log)"
wait_job 60
"$BIN/ompi-restart" --apponly "$directory"/*.ckpt >file 2>&1 || fail "--apponly"
[ "$(wc -l <file)" -eq 1 ] || fail "more than the file's name is said: $(cat file)"
"$BIN/ompi-restart" --apponly --verbose "$directory"/*.ckpt >file 2>said || fail "--apponly --verbose"
grep -q 'front of --app: .*--tag-output$' said || fail "options that are not in the file are not told: $(cat said)"
start_command "$BIN/mpirun" --app "$(cat file)"
wait_for_line '[sS]tep'
kill_job

app_file=$(cat file)
start_command "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/snapshots" --app "$app_file"
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
restart
wait_for_line '[sS]tep'
kill_job
