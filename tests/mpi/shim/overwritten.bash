# SPDX-License-Identifier: Apache-2.0
# overwritten.bash told|saved: a job overwrites a block of an MPI file after the checkpoint, and is killed. Files are by
# reference: restarted it reads the newer block, and is told so. With --save-files it reads what it had written.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "shim_files_overwritten_$1"
case $1 in
  told) options=() words='data has been written since the checkpoint' value=20 ;;
  saved) options=(--save-files) words='data was put back as it was' value=10 ;;
esac
mkdir "$SCRATCH/work"
start_job --wdir "$SCRATCH/work" -np 2 "$CAIRN_BUILD/tests/programs/shim_overwritten"
wait_for_line '^written' 60
checkpoint "${options[@]}"
touch "$SCRATCH/work/go"
wait_for_line '^overwritten' 60
kill_job
restart
wait_for_line '^overwritten' 60
touch "$SCRATCH/work/end"
expect_status 0
grep -q "$words" "$JOB_LOG" || fail "the restart does not say: $words"
for rank in 0 1; do
  grep -q "^rank $rank reads $value$rank$" "$JOB_LOG" || fail "rank $rank does not read $value$rank"
done
