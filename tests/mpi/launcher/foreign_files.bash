# SPDX-License-Identifier: Apache-2.0
# A snapshot with something in it that is somebody else's, may be written to by others, or is no file, is not
# restarted, unless --foreign=accept takes it; nothing that is asked of it waits, or writes elsewhere.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.foreign_files mpirun ompi-checkpoint ompi-restart ompi-snapshot

mkdir "$SCRATCH/snapshots/made"
start_command "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/snapshots/made" -np 2 "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
timeout 60 "$BIN/ompi-checkpoint" --term "$JOB_PID" >checkpoint.log 2>&1 || fail "$(cat checkpoint.log)"
wait_job 60
made=$(echo "$SCRATCH"/snapshots/made/*.ckpt)
object=$(basename "$(find "$made/objects" -type f | head -n 1)")

# try WHAT PATTERN: restarting the copy ends at once, with 4 or 5, and says what is wrong.
try() {
  timeout 20 "$BIN/ompi-restart" "$copy" >restart.log 2>&1 </dev/null
  local code=$?
  { [ $code -eq 4 ] || [ $code -eq 5 ]; } && tr -s '\n ' ' ' <restart.log | grep -q "$2" || fail "$1: $code: $(cat restart.log)"
}
copy_snapshot() {
  copy="$SCRATCH/snapshots/copy"
  rm -rf "$copy"
  cp -a "$made" "$copy"
}

for file in manifest.h5 owner 0/rank_1.ctx "objects/$object" objects 0; do
  copy_snapshot
  mv "$copy/$file" "$SCRATCH/snapshots/elsewhere"
  ln -s "$SCRATCH/snapshots/elsewhere" "$copy/$file"
  try "$file as a link" "symbolic link"
  rm -rf "$SCRATCH/snapshots/elsewhere"
  copy_snapshot
  chmod o+w "$copy/$file"
  try "$file for everybody" "$file may be written to by others"
  [ "$(id -u)" -eq 0 ] || continue
  copy_snapshot
  chown 65534 "$copy/$file"
  try "$file of another user" "$file belongs to user 65534"
  copy_snapshot
  chgrp 65534 "$copy/$file"
  chmod g+w "$copy/$file"
  try "$file for a group" "$file may be written to by others"
done
copy_snapshot
chmod o+w "$copy"
try "the snapshot for everybody" "snapshot .* may be written to by others"
! grep -q 'rank [0-9]' restart.log || fail "it is a rank that refuses it: $(cat restart.log)"

# Nobody writes into a FIFO, and nobody reads.
for file in manifest.h5 0/rank_0.ctx; do
  copy_snapshot
  rm "$copy/$file"
  mkfifo "$copy/$file"
  try "$file as a FIFO" "."
  for command in "ompi-restart -i" "ompi-restart --showme" "ompi-snapshot verify" "ompi-snapshot show"; do
    # shellcheck disable=SC2086
    timeout 20 "$BIN"/$command "$copy" >/dev/null 2>&1
    [ $? -ne 124 ] || fail "$command waits for the FIFO $file"
  done
  timeout 20 "$BIN/ompi-snapshot" list "$SCRATCH/snapshots" >/dev/null 2>&1
  [ $? -ne 124 ] || fail "ompi-snapshot list waits for the FIFO $file"
done

copy_snapshot
echo mine >"$SCRATCH/mine"
ln -s "$SCRATCH/mine" "$copy/restart-appfile"
timeout 20 "$BIN/ompi-restart" --apponly "$copy" >restart.log 2>&1 && fail "--apponly wrote through a link"
[ "$(cat "$SCRATCH/mine")" = mine ] || fail "--apponly wrote into what a link led to"
ln -f "$SCRATCH/mine" "$copy/restart-appfile"
timeout 20 "$BIN/ompi-restart" --apponly "$copy" >restart.log 2>&1 && fail "--apponly wrote into a file with another name"
[ "$(cat "$SCRATCH/mine")" = mine ] || fail "--apponly wrote into a file with another name"
rm "$copy/restart-appfile"
mkfifo "$copy/restart-appfile"
timeout 20 "$BIN/ompi-restart" --apponly "$copy" >restart.log 2>&1
[ $? -eq 4 ] || fail "--apponly and a FIFO: $(cat restart.log)"

# The ranks take what the command takes.
copy_snapshot
chmod o+w "$copy" "$copy/manifest.h5" "$copy/0/rank_0.ctx" "$copy/objects"
[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$copy"
start_command "$BIN/ompi-restart" --foreign=accept "$copy"
wait_for_line '[sS]tep'
kill_job
copy_snapshot
ln -s "$copy/manifest.h5" "$copy/objects/link"
timeout 20 "$BIN/ompi-restart" --foreign=accept "$copy" >restart.log 2>&1 </dev/null
[ $? -eq 4 ] || fail "--foreign=accept and a link: $(cat restart.log)"
timeout 20 "$BIN/ompi-restart" --foreign=maybe "$copy" >restart.log 2>&1 </dev/null
[ $? -eq 2 ] || fail "--foreign=maybe: $(cat restart.log)"

# As it is after all, in the hands of its owner's private group.
copy_snapshot
[ "$(id -u)" -ne "$(id -g)" ] || chmod -R g+w "$copy"
start_command "$BIN/ompi-restart" "$copy"
wait_for_line '[sS]tep'
kill_job
