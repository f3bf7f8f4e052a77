# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts that run a job inside a machine with cairn.ko. They set `build`; this makes it first in PATH.
export PATH=${build:?}/bin:$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none

fail() { echo "FAIL: $*"; tail -30 out checkpoint.out restart.out 2>/dev/null; exit 1; }

wait_for() { # TEXT FILE SECONDS
  for _ in $(seq $(($3 * 5))); do grep -q "$1" "$2" 2>/dev/null && return 0; sleep 0.2; done
  return 1
}

# Takes a checkpoint of the job, by the module.
checkpoint() { # MPIRUN
  local context
  ompi-checkpoint --timeout 100 -v "$1" >checkpoint.out 2>&1 || fail "ompi-checkpoint"
  cat checkpoint.out
  for context in ompi_global_snapshot_*.ckpt/0/rank_*.ctx; do
    head -c 4096 "$context" | grep -aq kmod || fail "$context was not written by the kernel module"
  done
}
