# SPDX-License-Identifier: Apache-2.0
# Files that are open through MPI_File_open are saved with --save-files: what was in them at the checkpoint comes back though
# they were removed or replaced meanwhile, and the program goes on writing to them; everything is right in the end.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_saved_files
mkdir "$SCRATCH/work"
start_job --wdir "$SCRATCH/work" -np 2 "$CAIRN_BUILD/tests/programs/shim_files" "$SCRATCH/stop"
wait_for_line '^round 4$' 60
checkpoint --save-files
kill_job
cd "$SCRATCH/work" || exit 1
half=0
for file in *; do
  half=$((1 - half))
  rm "$file"
  [ "$half" = 1 ] || head -c 100000 /dev/urandom >"$file"
done
cd "$SCRATCH" || exit 1
restart
wait_for_line '^round [0-9]*9$' 60
for what in 'was missing' 'was put back'; do grep -q "/work/.* $what" "$JOB_LOG" || fail "no file $what"; done
touch "$SCRATCH/stop"
expect_status 0 60
grep -q '^files: ok$' "$JOB_LOG" || fail "the program did not say that all is right"
