#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# restart.sh PREFIX RANKS PROGRAM: runs PROGRAM STOPFILE (survivor.c, graphs.c, files.c ...) as a checkpointable job, stops it by a
# checkpoint after its first round, restarts it, waits for one more round and has it finish. PREFIX: build or installation
# directory.
set -u
prefix=$1 ranks=$2 program=$3
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
job=
trap '[ -n "$job" ] && kill "$job" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
  echo "restart.sh: $1" >&2
  tail -qn 20 first second >&2
  exit 1
}

await() { # await SECONDS PATTERN FILE: until the file has the line, or the job is gone
  local end=$((SECONDS + $1))
  until grep -q "$2" "$3" 2>/dev/null; do
    [ $SECONDS -lt $end ] || fail "no '$2' after $1 s"
    kill -0 "$job" 2>/dev/null || grep -q "$2" "$3" || fail "the job ended without '$2'"
    read -rt 0.1 <> <(:) || :
  done
}

timeout 200 "$prefix/bin/mpirun" --with-cr --oversubscribe -np "$ranks" "$program" "$work/stop" >first 2>&1 &
job=$!
await 60 '^round' first
mpirun_pid=$(ps -o pid= --ppid $job | tr -d ' ')
"$prefix/bin/ompi-checkpoint" --term "$mpirun_pid" >checkpoint 2>&1 || fail "checkpoint: $(cat checkpoint)"
wait $job
grep -q '^[a-z]*: ok' first && fail "the program finished before it was stopped"

timeout 200 "$prefix/bin/ompi-restart" --mpirun_opts --oversubscribe ompi_global_snapshot_*.ckpt >second 2>&1 &
job=$!
await 90 '^round' second
touch stop
wait $job || fail "the restarted job failed"
job=
grep '^[a-z]*: ok' second || fail "the restarted program did not finish"
