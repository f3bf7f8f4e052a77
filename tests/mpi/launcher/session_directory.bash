# SPDX-License-Identifier: Apache-2.0
# Ranks that Open MPI has started in a directory of the job, which ends with it: a restarted rank, and its child, is in that of
# the new job. Their program, which was taken there as well, is not looked for.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.session_directory mpirun ompi-checkpoint ompi-restart

cat >rank.sh <<'R'
#!/bin/bash
sleep 1000 &
echo "$!" >"$RANK_FILES/child"
exec "$@"
R
chmod +x rank.sh
export RANK_FILES=$SCRATCH
in_own_directory() {
  local real rank pid
  real=$(pgrep -P "$JOB_PID" | head -n 1)
  rank=$(pgrep -P "$real" | head -n 1)
  for pid in "$rank" "$(cat child)"; do
    [[ $(readlink "/proc/$pid/cwd") == "$TMPDIR"/ompi.*/pid."$real"/* ]] ||
      fail "process $pid is in $(readlink "/proc/$pid/cwd")"
  done
}

for option in --preload-binary --set-cwd-to-session-dir; do
  start_job "$option" -np 1 "$SCRATCH/rank.sh" "$EXAMPLES/ring" --seconds 300 --report 10
  wait_for_line '[sS]tep'
  in_own_directory
  for round in first second; do
    checkpoint --term
    wait_job 60
    restart
    wait_for_line '[sS]tep'
    say "$option, $round restart"
    in_own_directory
  done
  kill_job
done
