#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: job.bash BUILD all|unload|save|restart [DIRECTORY]
# Inside a machine: two ranks of heat2d are checkpointed by cairn.ko into DIRECTORY, killed (save), and restarted
# (restart). all: both; unload: both, but the restart happens without the module.
set -u
build=$1 stage=$2
here=$(dirname "$0")
# shellcheck source=tests/vm/job_functions.bash
. "$here/job_functions.bash"
scratch=${3:-$(mktemp -d)}
cd "$scratch" || exit 1

save() {
  local job pids
  cr_info | grep -i kmod
  mpirun --with-cr --cr-engine kmod --cr-dir "$scratch" -np 2 "$build/examples/mpi/heat2d" --steps 60 --seconds 25 >out 2>&1 &
  job=$!
  wait_for "step 1/" out 90 || fail "the job does not start"
  checkpoint $job
  pids=$(pgrep -P "$job"; pgrep -f "$build/examples/mpi/heat2d")
  kill -9 $job $pids 2>/dev/null
  wait $job 2>/dev/null
  ! grep -q PASS out || fail "the job ended before it was killed"
}

restart() {
  local status
  timeout 150 ompi-restart ompi_global_snapshot_*.ckpt >restart.out 2>&1
  status=$?
  grep PASS restart.out && [ $status = 0 ] || fail "restart ended with $status"
}

[ "$stage" = restart ] || save
if [ "$stage" = unload ]; then rmmod cairn || fail "rmmod"; fi
[ "$stage" = save ] || restart
uname -r
