#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: engine_table.bash BUILD [ROUNDS]
# Inside a machine with cairn.ko whose clock counts instructions: what the user engine and the module need to stop a
# process of 1 to 64 threads, and to write 64 to 512 MiB that are dense, sparse or fragmented. Best of ROUNDS (3).
set -u
build=$1 rounds=${2:-3}
export PATH=$build/bin:$PATH
scratch=$(mktemp -d)
cd "$scratch" || exit 1

# Prints "STOP_MS PAUSE_S" of the best of the rounds.
measure() { # ENGINE THREADS MIB KIND
  rm -f ready
  cr_run "$build/tests/programs/engine_subject" "$2" "$3" "$4" >ready &
  local subject=$! round
  until grep -qs READY ready; do
    kill -0 $subject 2>/dev/null || { echo "the subject died" >&2; return 1; }
    sleep 0.1
  done
  for round in $(seq "$rounds"); do
    cr_checkpoint --engine "$1" --no-fork --nosync -v -f context $subject 2>said || { cat said >&2; return 1; }
    rm -f context
    sed -n 's/.*stood still for \([0-9.]*\) s.*threads stopped in \([0-9.]*\) ms.*/\2 \1/p' said | grep . || echo "round $round: $(cat said)" >&2
  done | sort -g | awk 'NR == 1 { stop = $1 } { if (NR == 1 || $2 < pause) pause = $2 } END { print stop, pause }'
  kill -9 $subject
  wait $subject 2>/dev/null
}

row() { # THREADS MIB KIND COLUMN UNIT
  local user kmod
  user=$(measure user "$1" "$2" "$3" | awk "{ print \$$4 }") && kmod=$(measure kmod "$1" "$2" "$3" | awk "{ print \$$4 }")
  [ -n "$user" ] && [ -n "$kmod" ] || exit 1
  printf '%8s %6s  %-11s %10s %10s  %5.2f  %s\n' "$1" "$2" "$3" "$user" "$kmod" "$(echo "$kmod $user" | awk '{ print $1 / $2 }')" "$5"
}

printf '%8s %6s  %-11s %10s %10s  %5s\n' threads MiB memory user kmod ratio
for threads in 1 4 16 64; do row $threads 1 dense 1 "ms to stop"; done
for kind in dense sparse fragmented; do
  for mib in 64 256 512; do row 1 $mib $kind 2 "s of standing still"; done
done
