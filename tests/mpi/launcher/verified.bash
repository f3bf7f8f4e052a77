# SPDX-License-Identifier: Apache-2.0
# What ompi-restart refuses of a snapshot, ompi-snapshot verify does not call whole: links, what others may write to, what
# belongs to somebody else, a snapshot without sequences, files of other ranks, a command line that no mpirun takes. Root may
# verify what an ordinary user could restart.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.verified mpirun ompi-checkpoint ompi-restart ompi-snapshot

start_job -np 2 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
made=$SNAPSHOT
copy=$SCRATCH/copy
object=$(basename "$(find "$made/objects" -type f | head -n 1)")

copy_snapshot() {
  rm -rf "$copy"
  cp -a "$made" "$copy"
}
# both PATTERN: refuse the copy for the same reason, with the same code.
both() {
  local verified restarted
  timeout 60 "$BIN/ompi-snapshot" verify "$copy" >verify.log 2>&1
  verified=$?
  timeout 60 "$BIN/ompi-restart" "$copy" >restart.log 2>&1 </dev/null
  restarted=$?
  { [ "$verified" -ne 0 ] && [ "$verified" -eq "$restarted" ]; } ||
    fail "verify: $verified, restart: $restarted: $(cat verify.log restart.log)"
  grep -q "$1" verify.log || fail "verify does not say '$1': $(cat verify.log)"
  grep -q "$1" restart.log || fail "restart does not say '$1': $(cat restart.log)"
}

for file in 0/rank_1.ctx 0 "objects/$object" objects owner; do
  copy_snapshot
  mv "$copy/$file" "$SCRATCH/elsewhere"
  ln -s "$SCRATCH/elsewhere" "$copy/$file"
  both "$file is a symbolic link"
  rm -rf "$SCRATCH/elsewhere"
  copy_snapshot
  chmod o+w "$copy/$file"
  both "$file may be written to by others"
  [ "$(id -u)" -eq 0 ] || continue
  copy_snapshot
  chgrp 65534 "$copy/$file"
  chmod g+w "$copy/$file"
  both "$file may be written to by others"
done
copy_snapshot
"$CAIRN_BUILD/tests/programs/launcher_forger" "$copy" none || fail "no manifest"
both "has no sequence"
copy_snapshot
"$CAIRN_BUILD/tests/programs/launcher_forger" "$copy" programs || fail "no manifest"
both "does not come to the job's 2 ranks"
copy_snapshot
"$CAIRN_BUILD/tests/programs/launcher_forger" "$copy" options || fail "no manifest"
both "options makes no sense: --cr-every wants a number of seconds"
copy_snapshot
mv "$copy/0/rank_0.ctx" "$copy/0/other"
mv "$copy/0/rank_1.ctx" "$copy/0/rank_0.ctx"
mv "$copy/0/other" "$copy/0/rank_1.ctx"
both "is not the one that the manifest names\|has [0-9]* bytes; the manifest says"
"$CAIRN_BUILD/tests/programs/launcher_forger" "$copy" swapped || fail "no manifest"
both "the context file of rank 0, .*, is of rank 1"

copy_snapshot
timeout 60 "$BIN/ompi-snapshot" verify "$copy" >verify.log 2>&1 || fail "the whole one: $(cat verify.log)"
if [ "$(id -u)" -eq 0 ]; then
  chown -R 65534 "$copy"
  timeout 60 "$BIN/ompi-snapshot" verify "$copy" >verify.log 2>&1 || fail "another user's: $(cat verify.log)"
  chown 0 "$copy/0/rank_0.ctx"
  ! timeout 60 "$BIN/ompi-snapshot" verify "$copy" >verify.log 2>&1 || fail "a file in it is root's: $(cat verify.log)"
fi
