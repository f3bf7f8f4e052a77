# SPDX-License-Identifier: Apache-2.0
# Checkpoint after checkpoint: each is a sequence of the manifest, the job goes on and ends as it would.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_checkpoint
start_ranks 3
for sequence in 0 1 2 3; do
  checkpoint -v
  grep -q "^Snapshot Ref\.:   $sequence ompi_global_snapshot_$JOB_PID.ckpt" "$CHECKPOINT_LOG" || { show_log "$CHECKPOINT_LOG"; fail "wrong reference"; }
  # rank.cpp: rank 2 says that it was saved by another engine.
  grep -q ", engine kmod, user, in " "$CHECKPOINT_LOG" || { show_log "$CHECKPOINT_LOG"; fail "the engines are not named"; }
  for rank in 0 1 2; do
    grep -qx "image of rank $rank" "$SNAPSHOT/$sequence/rank_$rank.ctx" || fail "the image of rank $rank is not there"
  done
done
expect_sequences 0 1 2 3
"$BIN/ompi-checkpoint" -l "$JOB_PID" | grep -c "^Snapshot Ref" | grep -qx 4 || fail "ompi-checkpoint -l does not list four"
end_ranks
