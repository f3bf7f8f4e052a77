# SPDX-License-Identifier: Apache-2.0
# Checkpoints that mpirun takes by itself: --cr-every, --cr-keep, --cr-on-signal.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_automatic
start_ranks 2 --cr-every 0.3 --cr-keep 2 --cr-on-signal USR1:term
wait_for_line 'Snapshot Ref\.:   4 '
kill -USR1 "$JOB_PID"
expect_status 85 60
[ "$(ls -d "$SCRATCH"/snapshots/*/[0-9]* | wc -l)" -eq 2 ] || fail "--cr-keep 2 left $(ls -d "$SCRATCH"/snapshots/*/[0-9]* | xargs)"
