# SPDX-License-Identifier: Apache-2.0
# A checkpoint of --cr-every that is due while another is still being taken is left out: mpirun says so once, and goes on
# taking them afterwards.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_left_out

# wait_for_second N: until the running checkpoint has been running for so long.
wait_for_second() {
  local end answer
  end=$(deadline_of 60)
  until answer=$("$BIN/ompi-checkpoint" -s --json "$JOB_PID" 2>&1) &&
    [[ $answer =~ \"state\":\"checkpointing\",\"seconds\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$1" ]; do
    [ "$SECONDS" -lt "$end" ] || fail "no checkpoint has been running for $1 s: $answer"
  done
}

export RANK_HANG=$SCRATCH/hang
start_job --cr-every 0.4 -np 2 true  # a checkpoint may be running before anybody sees the job without one
wait_for_second 2
touch "$RANK_HANG"
wait_for_line 'Snapshot Ref\.:   1 '
rm "$RANK_HANG"
wait_for_second 2
touch "$RANK_HANG"
wait_for_line 'Snapshot Ref\.:   3 '
end_ranks
! grep -E 'busy|is ending' "$JOB_LOG" || fail "a checkpoint was not left out"
[ "$(grep -Ec 'mpirun: a checkpoint took [0-9.]+ s, longer than the 0\.4 s of --cr-every' "$JOB_LOG")" -eq 1 ] ||
  { show_log "$JOB_LOG"; fail "not said once"; }
