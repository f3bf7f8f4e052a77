#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# compare.sh HOST RANKS PROGRAM [ARGS]: runs PROGRAM with the real MPI library and then hosted, and compares what it
# wrote down (say.h), its standard output (sorted) and its exit code. 0: the same; 77: the real one cannot run here.
set -u
host=$1 ranks=$2
shift 2
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run() { # run NAME COMMAND ...: output in $work/NAME, exit code in $work/NAME.code
  local name=$1
  shift
  mkdir "$work/$name.d"
  SAY_DIRECTORY=$work/$name.d timeout 100 mpirun --oversubscribe -np "$ranks" "$@" >"$work/$name.out" 2>"$work/$name.err"
  echo $? >"$work/$name.code"
  # Addresses, process ids and host names of messages differ from run to run.
  { cat "$work/$name.d"/* 2>/dev/null; sed -E 's/\[[^][]*:[0-9]+\]//; s/\[[0-9]+,[0-9]+\]/[job,rank]/' "$work/$name.out"
    grep -E '^\[.*\*\*\* ' "$work/$name.err" | sed -E 's/^\[[^]]*\]//; s/\[[0-9]+,[0-9]+\]/[job,rank]/'
  } | sort >"$work/$name"
}

same() { cmp -s "$work/native" "$work/hosted" && cmp -s "$work/native.code" "$work/hosted.code"; }

run native "$@"
run hosted "$host" -- "$@"
# The real mpirun at times ends before it has passed on what a failing rank said (about every second time on a busy
# machine): then it is asked again, for whichever side lacks lines and has no other ones.
lacks() { ! same && cmp -s "$work/native.code" "$work/hosted.code" && [ -z "$(comm -23 "$work/$1" "$work/$2")" ]; }
for _ in 1 2 3 4 5 6; do
  if lacks native hosted; then
    rm -r "$work"/native*
    run native "$@"
  elif lacks hosted native; then
    rm -r "$work"/hosted*
    run hosted "$host" -- "$@"
  fi
done
if ! same; then
  diff "$work/native" "$work/hosted"
  diff "$work/native.code" "$work/hosted.code"
  echo "compare.sh: $1 does not do hosted (>) what it does with the real library (<)" >&2
  tail -n 15 "$work/hosted.err" >&2
  exit 1
fi
echo "same: $(wc -l <"$work/native") lines, exit code $(cat "$work/native.code")"
