#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# golden.bash FILE: what an older Cairn has written is restarted by this one; the restarted program goes on, checks
# itself and has the right answer. Skipped, by name, where the processor cannot run what is in the file.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
file=$1
name=${file##*/}
test_begin "golden.${name%%.*}" cr_restart ompi-restart

case $name in
  process-*)
    answer=b5807966d1cac6bf
    start_command "$BIN/cr_restart" "$file" ;;
  job-*)
    tar -xf "$file" -C "$SCRATCH/snapshots" || fail "$file cannot be unpacked"
    SNAPSHOT=$SCRATCH/snapshots/golden.ckpt
    answer=29d2b6be33adf381
    restart --mpirun_opts --oversubscribe ;;
  *) fail "no program is known for $name" ;;
esac
wait_job
other_processor='register state|CPU'
if [ "$JOB_STATUS" -eq 4 ] && grep -Eq "$other_processor" "$JOB_LOG"; then
  skip "$(grep -E -m 1 "$other_processor" "$JOB_LOG")"
fi
expect_pass
grep -qx "PASS $answer" "$JOB_LOG" || fail "the answer is not $answer"
! grep -q '^step 0$' "$JOB_LOG" || fail "the program began anew"
