#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# refused.sh PREFIX PROGRAM: while PROGRAM DIRECTORY (refused.c) has an object that cannot be saved, a checkpoint is
# refused and the refusal names it; when nothing is left, the checkpoint is taken.
set -u
prefix=$1 program=$2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
job=
trap '[ -n "$job" ] && kill "$job" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1

fail() {
  echo "refused.sh: $1" >&2
  tail -n 20 output >&2
  exit 1
}

await() { # await PATTERN: until the program has printed the line
  local end=$((SECONDS + 60))
  until grep -q "$1" output; do
    [ $SECONDS -lt $end ] || fail "no '$1' after 60 s"
    kill -0 "$job" 2>/dev/null || fail "the job ended without '$1'"
    read -rt 0.1 <> <(:) || :
  done
}

touch output
timeout 150 "$prefix/bin/mpirun" --with-cr --oversubscribe -np 2 "$program" "$work" >output 2>&1 &
job=$!
await '^has '
mpirun_pid=$(ps -o pid= --ppid $job | tr -d ' ')

refused() { # refused NAME TEXT: the program has NAME, and TEXT is in the refusal
  await "^has $1"
  if "$prefix/bin/ompi-checkpoint" "$mpirun_pid" >checkpoint 2>&1; then fail "a checkpoint was taken with $1"; fi
  grep -qF "$2" checkpoint || fail "the refusal does not say '$2': $(cat checkpoint)"
  touch "$1"
}

refused file "the open file 'data' is not at its path any more (MPI_File_open)"
await '^has nothing'
"$prefix/bin/ompi-checkpoint" "$mpirun_pid" >checkpoint 2>&1 || fail "nothing is in the way: $(cat checkpoint)"
touch nothing
wait $job || fail "the job failed"
job=
