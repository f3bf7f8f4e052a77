# SPDX-License-Identifier: Apache-2.0
# With --save-files a snapshot has the contents of files that the ranks may write to: without room for them there is no
# snapshot, and a restart puts them back.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.saved_files mpirun ompi-checkpoint ompi-restart ompi-snapshot

cat >rank.sh <<'R'
exec 9<>"own-$OMPI_COMM_WORLD_RANK" 8>>shared
exec "$@" >out-$OMPI_COMM_WORLD_RANK
R
for rank in 0 1; do yes "line of $rank" | head -c 3000000 >own-$rank; done
echo 'of all' >shared
cat own-0 own-1 shared >before
start_job -np 2 sh rank.sh "$EXAMPLES/ring" --seconds 300 --report 10
end=$(deadline_of 60)
until grep -q '[sS]tep' out-0; do
  running "$JOB_PID" && [ "$SECONDS" -lt "$end" ] || fail "no step"
  sleep 0.02
done

if true; then
  # A file where the job wants to put its objects: the next checkpoint cannot store any.
  checkpoint
  rm -r "$SNAPSHOT/objects"
  echo 'no directory' >"$SNAPSHOT/objects"
  "$BIN/ompi-checkpoint" --save-files "$JOB_PID" >refused.log 2>&1 && fail "a checkpoint without room for files"
  grep -q 'objects' refused.log || fail "$(cat refused.log)"
  rm "$SNAPSHOT/objects"
fi
checkpoint --save-files
grep -q 'the contents of [0-9]* files that may be written to (5\.7 MiB) are saved' "$CHECKPOINT_LOG" ||
  fail "$(cat "$CHECKPOINT_LOG")"
kill_job

printf 'newer' | dd of=own-0 bs=1 seek=1500000 conv=notrunc status=none
echo 'shorter' >own-1
rm shared
restart
end=$(deadline_of 60)
until grep -q 'shared was missing' "$JOB_LOG" && grep -q 'own-0 was put back' "$JOB_LOG" &&
  grep -q 'own-1 was put back' "$JOB_LOG"; do
  running "$JOB_PID" && [ "$SECONDS" -lt "$end" ] || fail "not put back"
  sleep 0.02
done
cat own-0 own-1 shared | cmp - before || fail "the files are not what they were"
grep -q 'shorter' own-1.after-1 || fail "what was there is not kept"
