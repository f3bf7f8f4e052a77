#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: leaks.bash COMMAND [ARGUMENT...]
# Inside a machine with cairn.ko, as root: the command leaves no memory of the kernel behind. It runs once, so that
# whatever is kept is there, then five times more.
set -u
most_kib=600

# KiB that are free, also those that processors keep to themselves: "available" goes up and down by 25 MiB.
free_kib() {
  sync
  echo 3 >/proc/sys/vm/drop_caches
  awk '$1 == "MemFree:" { free = $2 } $1 == "count:" { free += 4 * $2 } END { print free }' /proc/meminfo /proc/zoneinfo
}

"$@" >/dev/null || exit
before=$(free_kib)
for _ in 1 2 3 4 5; do "$@" >/dev/null || exit; done
after=$(free_kib)
echo "free: $before KiB, then $after KiB"
[ $((before - after)) -le $most_kib ]
