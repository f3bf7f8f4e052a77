#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# statuses.sh PREFIX PROGRAM continue|restart: runs PROGRAM FILE (statuses.c, matched.c, generalized.c) with the real MPI library, and as a job that
# is checkpointed while it waits for FILE and goes on, or is restarted; compares what the two wrote down (say.h).
set -u
prefix=$1 program=$2 how=$3
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
job=
trap '[ -n "$job" ] && kill "$job" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir native hosted
touch there

fail() {
  echo "statuses.sh: $1" >&2
  tail -n 20 native.log first second 2>/dev/null >&2
  exit 1
}

SAY_DIRECTORY=$work/native timeout 60 mpirun --oversubscribe -np 2 "$program" "$work/there" >native.log 2>&1 ||
  fail "fails with the real library"

SAY_DIRECTORY=$work/hosted timeout 150 "$prefix/bin/mpirun" --with-cr --oversubscribe -np 2 "$program" "$work/go" >first 2>&1 &
job=$!
until grep -q held first; do
  kill -0 $job 2>/dev/null || fail "ended before it could be checkpointed"
  read -rt 0.1 <> <(:) || :
done
mpirun_pid=$(ps -o pid= --ppid $job | tr -d ' ')
if [ "$how" = continue ]; then
  "$prefix/bin/ompi-checkpoint" "$mpirun_pid" >checkpoint 2>&1 || fail "checkpoint: $(cat checkpoint)"
  touch go
else
  "$prefix/bin/ompi-checkpoint" --term "$mpirun_pid" >checkpoint 2>&1 || fail "checkpoint: $(cat checkpoint)"
  wait $job
  touch go
  timeout 150 "$prefix/bin/ompi-restart" --mpirun_opts --oversubscribe ompi_global_snapshot_*.ckpt >second 2>&1 &
  job=$!
fi
wait $job || fail "the job failed"
job=
sort native/* >native.all
sort hosted/* >hosted.all
cmp -s native.all hosted.all && echo "same: $(wc -l <native.all) lines" && exit 0
diff native.all hosted.all | head -40
fail "its answers are not (>) what the real library gives (<)"
