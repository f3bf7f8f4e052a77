# SPDX-License-Identifier: Apache-2.0
# A file that MPI had open at a checkpoint of the job, and that has been closed since, is no part of a later checkpoint of a
# process that has left MPI: its restart leaves alone what others have written to it.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_closed_file cr_checkpoint cr_restart
start_job -np 1 "$CAIRN_BUILD/tests/programs/shim_open_file" "$SCRATCH/file" "$SCRATCH/close" "$SCRATCH/end"
wait_for_line '^open'
checkpoint
touch close
wait_for_line '^finalized by'
pid=$(sed -n 's/^finalized by //p' "$JOB_LOG")
"$BIN/cr_checkpoint" --file context "$pid" || fail "cr_checkpoint: status $?"
kill_job
echo 'of somebody else' >>file
touch end
"$BIN/cr_restart" context >restart.log 2>&1 || { show_log restart.log; fail "cr_restart: status $?"; }
grep -q 'of somebody else' file || fail "the file was cut: $(cat restart.log)"
