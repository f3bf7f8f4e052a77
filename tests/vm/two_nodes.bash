#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: two_nodes.bash BUILD SHARED
# On node1 of two machines with cairn.ko: a job with one rank on each is checkpointed by both kernels into SHARED (which
# both see), killed, and restarted with its ranks on the other machine each.
set -u
build=$1 shared=$2
here=$(dirname "$0")
# shellcheck source=tests/vm/job_functions.bash
. "$here/job_functions.bash"
scratch=$(mktemp -d -p "$shared")
cd "$scratch" || exit 1
network="--mca plm_rsh_agent /run/rsh --mca plm_rsh_no_tree_spawn 1 --mca oob_tcp_if_include eth0 --mca btl_tcp_if_include eth0 --mca btl tcp,self"
printf 'node1 slots=1\nnode2 slots=1\n' >hosts
printf 'node2 slots=1\nnode1 slots=1\n' >swapped
# shellcheck disable=SC2086
mpirun --with-cr --cr-engine kmod --cr-dir "$scratch" $network --hostfile hosts -np 2 \
  "$build/examples/mpi/heat2d" --steps 60 --seconds 35 >out 2>&1 &
job=$!
wait_for "step 1/" out 120 || fail "the job does not start"
checkpoint $job
for context in ompi_global_snapshot_*.ckpt/0/rank_*.ctx; do head -c 4096 "$context" | grep -ao 'node[12]' | head -1; done
kill -9 $job
for _ in $(seq 100); do # the other node's daemon notices by itself
  [ "$(/run/rsh node2 'pgrep -c orted')" = 0 ] && break
  sleep 0.2
done
wait $job 2>/dev/null
grep -q PASS out && fail "the job ended before it was killed"
timeout 200 ompi-restart --hostfile swapped --mpirun_opts "$network" ompi_global_snapshot_*.ckpt >restart.out 2>&1
status=$?
grep PASS restart.out && [ $status = 0 ] || fail "restart ended with $status"
