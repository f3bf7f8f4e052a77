# SPDX-License-Identifier: Apache-2.0
# A job whose runtime directory is removed, in part or whole, or moved away, can be checkpointed as before.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_directory_gone mpirun ompi-checkpoint
mkdir "$SCRATCH/base"
export CAIRN_RUNTIME_DIR=$SCRATCH/base
directory=$CAIRN_RUNTIME_DIR/cairn-$(id -u)

start_ranks 2
rm "$directory/$JOB_PID/tools"
checkpoint
rm "$directory/$JOB_PID/cookie"
checkpoint
mv "$CAIRN_RUNTIME_DIR" "$SCRATCH/moved"
checkpoint
timeout 20 "$BIN/ompi-checkpoint" --list --json "$JOB_PID" | grep -q '"sequence":2' || fail "the job does not list its snapshots"
rm -r "$SCRATCH/moved"
# The process number of the real mpirun, which people see as well.
timeout 60 "$BIN/ompi-checkpoint" "$(pgrep -P "$JOB_PID" | head -n 1)" >"$SCRATCH/real.log" 2>&1 || { show_log "$SCRATCH/real.log"; fail "no checkpoint by the number of the real mpirun"; }
expect_sequences 0 1 2 3

# Where the number does not lead to it either, as in a container with another network, "later" is said only while it starts.
if unshare -n true 2>/dev/null; then
  status=3 end=$(deadline_of 60)
  while [ "$status" -eq 3 ]; do
    [ "$SECONDS" -lt "$end" ] || fail "to be asked again for ever"
    timeout 30 unshare -n "$BIN/ompi-checkpoint" "$JOB_PID" >"$SCRATCH/elsewhere.log" 2>&1
    status=$?
  done
  [ "$status" -eq 4 ] || { show_log "$SCRATCH/elsewhere.log"; fail "status $status, not 4"; }
  for text in "$directory/$JOB_PID/cookie is missing" --cr-on-signal; do
    grep -q -e "$text" "$SCRATCH/elsewhere.log" || { show_log "$SCRATCH/elsewhere.log"; fail "it does not say $text"; }
  done
fi
end_ranks
