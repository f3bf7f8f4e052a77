# SPDX-License-Identifier: Apache-2.0
# A stored copy of a file that is damaged: the next checkpoint stores it anew, and a restart does without it where the file
# itself is still there.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.stored_copies mpirun ompi-checkpoint ompi-restart ompi-snapshot

cp "$EXAMPLES/ring" ring
start_job -np 2 ./ring --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint
copies=("$SNAPSHOT"/objects/*)
for copy in "${copies[@]}"; do printf 'damage' | dd of="$copy" bs=1 seek=100 conv=notrunc status=none; done
"$BIN/ompi-snapshot" verify "$SNAPSHOT" >verify.log 2>&1 && fail "all copies are damaged, and nothing was said"
checkpoint
"$BIN/ompi-snapshot" verify "$SNAPSHOT" >verify.log 2>&1 || fail "not stored anew: $(cat verify.log)"
kill_job

for copy in "${copies[@]}"; do printf 'damage' | dd of="$copy" bs=1 seek=100 conv=notrunc status=none; done
restart
wait_for_line 'is damaged.*/ring itself is here'
wait_for_line '[sS]tep'
kill_job
echo 'another program' >ring
restart
expect_status 5 30
grep -q 'is damaged: it is not the copy of .*/ring' "$JOB_LOG" || fail "the copy that is needed is not named"
