# SPDX-License-Identifier: Apache-2.0
# A file that the job has open by MPI cannot be written any more, or is none: the restart names it before any file is
# touched.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin shim_unusable_file unshare mount
alone=(unshare --mount)
[ "$(id -u)" -eq 0 ] || alone+=(--map-root-user)
mkdir "$SCRATCH/data"
read_only='mount --bind data data && mount -o remount,bind,ro data && ! touch data/trial 2>/dev/null'
"${alone[@]}" bash -c "$read_only" || skip "this user cannot mount a directory read-only"

echo 'before' >own
cat >rank.sh <<'R'
exec 9>>own
exec "$@"
R
start_job -np 2 sh rank.sh "$CAIRN_BUILD/tests/programs/shim_open_file" "$SCRATCH/data/file" "$SCRATCH/close" "$SCRATCH/end"
wait_for_line '^open'
checkpoint
kill_job
echo 'after' >>own
cp own own.now

JOB_WRAPPER=("${alone[@]}" bash -c "$read_only"' && exec "$@"' read-only)
restart
expect_status 4
grep -q "data/file cannot be written any more: Read-only" "$JOB_LOG" || fail "not named"
cmp -s own own.now || fail "a file was changed before the refusal"

JOB_WRAPPER=()
rm data/file
mkdir data/file
restart --changed=accept
wait_job
[ "$JOB_STATUS" -ne 0 ] || fail "a directory was opened"
grep -q "data/file is a directory now" "$JOB_LOG" || fail "not named"
cmp -s own own.now || fail "a file was changed before the refusal"
