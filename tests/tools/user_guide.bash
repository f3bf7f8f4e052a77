#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What docs/user-guide.md and the manual pages say about jobs, as a user would do it.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
test_begin docs.user-guide mpirun ompi-checkpoint ompi-restart ompi-snapshot

say "without --with-cr it is the real mpirun"
start_command "$BIN/mpirun" -np 2 hostname
expect_status 0
start_command "$BIN/mpirun" -np 1 sh -c 'exit 23'
expect_status 23

say "a script between mpirun and the program, several programs"
printf '#!/bin/bash\nexport FROM_WRAPPER=1\nexec "$@"\n' >wrapper.sh
start_job -np 2 bash wrapper.sh "$EXAMPLES/ring" --steps 100
expect_pass
start_job -np 1 "$EXAMPLES/heat2d" --steps 100 : -np 1 "$EXAMPLES/heat2d" --steps 100
expect_pass

say "two checkpoints, --status, --list, --term"
start_job -np 2 "$EXAMPLES/heat2d" --seconds 10
wait_for_line '^step 100/'
checkpoint
checkpoint
grep -q '^Snapshot Ref.: *1 ' "$CHECKPOINT_LOG" || fail "the second checkpoint is not number 1"
"$BIN/ompi-checkpoint" --status "$JOB_PID" >status || fail "--status"
"$BIN/ompi-checkpoint" --list "$JOB_PID" >list || fail "--list"
[ -s status ] && [ -s list ] || fail "--status or --list say nothing"
checkpoint --term
expect_status 85
! grep -q '^PASS' "$JOB_LOG" || fail "the job was over before --term"

say "the snapshot is moved, verified, shown, restarted from its first checkpoint"
mkdir elsewhere
mv "$SNAPSHOT" elsewhere
"$BIN/ompi-snapshot" list elsewhere >listed && grep -q "${SNAPSHOT##*/}" listed || fail "list: $(cat listed)"
mv elsewhere/* elsewhere/renamed
SNAPSHOT=$SCRATCH/elsewhere/renamed
"$BIN/ompi-snapshot" verify "$SNAPSHOT" >verify || fail "verify: $(cat verify)"
"$BIN/ompi-snapshot" show "$SNAPSHOT" >show || fail "show: $(cat show)"
restart --seq 0
expect_pass
"$BIN/ompi-snapshot" prune --keep 1 "$SNAPSHOT" >pruned || fail "prune: $(cat pruned)"
restart
expect_pass

say "a damaged snapshot is refused"
context=$(find "$SNAPSHOT" -name 'rank_*' -type f | head -n 1)
printf 'x' | dd of="$context" bs=1 seek=$(($(stat -c %s "$context") / 2)) conv=notrunc status=none
restart
expect_status 5
[ -s "$JOB_LOG" ] || fail "no message about the damage"
