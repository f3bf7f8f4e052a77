#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: job.bash BUILD [unload]
# Inside a machine with cairn.ko loaded: two ranks of heat2d are checkpointed by the kernel module, killed and restarted;
# with `unload` the restart happens without the module.
set -u
build=$1 unload=${2:-}
export PATH=$build/bin:$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
scratch=$(mktemp -d)
cd "$scratch" || exit 1
fail() { echo "FAIL: $*"; tail -30 out restart.out 2>/dev/null; exit 1; }
wait_for() { # TEXT FILE SECONDS
  local i
  for i in $(seq $(($3 * 5))); do grep -q "$1" "$2" 2>/dev/null && return 0; sleep 0.2; done
  return 1
}
cr_info | grep -i kmod
mpirun --with-cr --cr-engine kmod --cr-dir "$scratch" -np 2 "$build/examples/mpi/heat2d" --steps 60 --seconds 40 >out 2>&1 &
job=$!
wait_for "step 1/" out 90 || fail "the job does not start"
ompi-checkpoint --timeout 100 -v $job >checkpoint.out 2>&1 || fail "ompi-checkpoint: $(cat checkpoint.out)"
cat checkpoint.out
for context in ompi_global_snapshot_*.ckpt/0/rank_*.ctx; do
  head -c 4096 "$context" | grep -aq kmod || fail "$context was not written by the kernel module"
done
pids=$(pgrep -P "$job"; pgrep -f "$build/examples/mpi/heat2d")
kill -9 $job $pids 2>/dev/null
wait $job 2>/dev/null
grep -q PASS out && fail "the job ended before it was killed"
if [ -n "$unload" ]; then rmmod cairn || fail "rmmod"; fi
timeout 150 ompi-restart ompi_global_snapshot_*.ckpt >restart.out 2>&1
status=$?
grep PASS restart.out && [ $status = 0 ] || fail "restart ended with $status"
