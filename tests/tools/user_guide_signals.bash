#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checkpoints that mpirun takes by itself: at intervals, and on a signal that also ends the job.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
test_begin docs.user-guide-signals mpirun ompi-restart

wait_for_file() {
  local end
  end=$(deadline_of 40)
  until compgen -G "$1" >/dev/null; do
    [ "$SECONDS" -lt "$end" ] && running "$JOB_PID" || fail "no $1"
    sleep 0.05
  done
}

start_job --cr-every 2 -np 2 "$EXAMPLES/ring" --seconds 15
wait_for_file 'snapshots/ompi_global_snapshot_*.ckpt/manifest.h5'
expect_pass

rm -r snapshots/*
start_job --cr-on-signal USR1:term -np 2 "$EXAMPLES/ring" --seconds 60
wait_for_line '^step 100/'
kill -USR1 "$JOB_PID"
expect_status 85
SNAPSHOT=$(echo snapshots/ompi_global_snapshot_*.ckpt)
[ -f "$SNAPSHOT/manifest.h5" ] || fail "no snapshot"
restart
wait_for_line '^step [2-9]00/'
kill_job
