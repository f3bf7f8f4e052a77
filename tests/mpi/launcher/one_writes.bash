# SPDX-License-Identifier: Apache-2.0
# one_writes.bash rewritten|saved|missing: one rank writes to a file that the others only read, and has overwritten it after
# the checkpoint. Restarted they all read the newer file; with --save-files it is what it was, though it be gone meanwhile.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin "launcher.one_writes_$1" mpirun ompi-checkpoint ompi-restart
case $1 in
  rewritten) options=() words='data has been written since the checkpoint' text=new ;;
  saved) options=(--save-files) words='data was put back as it was' text=old ;;
  missing) options=(--save-files) words='data was missing, and was made again' text=old ;;
esac
mkdir work
start_job --wdir "$SCRATCH/work" -np 3 "$CAIRN_BUILD/tests/programs/launcher_one_writes"
wait_for_line '^written' 60
checkpoint "${options[@]}"
touch work/go
wait_for_line '^overwritten' 60
kill_job
[ "$1" != missing ] || rm work/data
restart
wait_for_line '^overwritten' 60
touch work/end
expect_status 0
grep -q "$words" "$JOB_LOG" || fail "the restart does not say: $words"
for rank in 0 1 2; do
  grep -q "^rank $rank reads $text$" "$JOB_LOG" || fail "rank $rank does not read $text"
done
