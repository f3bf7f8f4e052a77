# SPDX-License-Identifier: Apache-2.0
# --cr-keep with --save-files: the contents that only removed snapshots had are removed, too, and the newest is whole.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.pruned_objects mpirun ompi-checkpoint ompi-restart ompi-snapshot

cat >rank.sh <<'R'
exec 9<>own
exec "$@"
R
yes 'a line' | head -c 3000000 >own
start_job --cr-keep 1 -np 1 sh rank.sh "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --save-files
stored=$(find "$SNAPSHOT/objects" -type f | wc -l)
for content in newer newest; do
  printf '%s' "$content" | dd of=own bs=1 seek=1000 conv=notrunc status=none
  checkpoint --save-files
done
[ "$(find "$SNAPSHOT/objects" -type f | wc -l)" -eq "$stored" ] || fail "objects: $(ls -l "$SNAPSHOT/objects"), $stored at first"
"$BIN/ompi-snapshot" verify "$SNAPSHOT" >verify.log 2>&1 || fail "$(cat verify.log)"
kill_job
rm own
restart
wait_for_line '[sS]tep'
grep -q newest own || fail "the file is not put back"
