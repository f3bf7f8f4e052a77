# SPDX-License-Identifier: Apache-2.0
# files.bash ompio|romio: files.c goes on writing after a checkpoint, is killed and restarted, twice, the second time
# with all of its files in another directory; everything that it has written is right in the end.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_files_$1"
mkdir "$SCRATCH/work"
# romio crashes in collective operations that do not wait, also without Cairn.
alone=()
[ "$1" = ompio ] || { export OMPI_MCA_io=romio321; alone=(alone); }
start_job --oversubscribe --wdir "$SCRATCH/work" -np 3 "$CAIRN_BUILD/tests/programs/shim_files" "$SCRATCH/stop" "${alone[@]}"
wait_for_line '^round 4$' 60
checkpoint
wait_for_line '^round [0-9]*9$' 60
kill_job
restart --mpirun_opts --oversubscribe
wait_for_line '^round [0-9]*0$' 60
kill_job
mv "$SCRATCH/work" "$SCRATCH/elsewhere"
restart --mpirun_opts --oversubscribe --relocate "$SCRATCH/work=$SCRATCH/elsewhere"
wait_for_line '^round [0-9]*0$' 60
touch "$SCRATCH/stop"
wait_job
expect_status 0
grep -q '^files: ok$' "$JOB_LOG" || fail "the program did not say that all is right"
