#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: kmod.bash BUILD PART [KERNEL|SUITE]
# Tests of the module inside machines, on the installed cloud kernel, on KERNEL, or on the newest one of a Debian suite
# (bookworm-backports). PART: module (its own tests, BUILD/tests/vm), job (a job on one machine, as root and as a user),
# process (single processes that check themselves), nodes (a job on two machines), stuck (a job with threads that do not reach the barrier), large (8 GiB in use),
# table (both engines' costs by counted instructions; a measurement). Prints TAP; exits 77 where QEMU or the kernel is
# missing.
set -u
build=$1 part=$2 kernel=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export VM_ROOT=
case $kernel in
  '') kernel=$("$here/newest_kernel") ;;
  *-backports)
    VM_ROOT=$scratch/root
    kernel=$("$here/fetch_kernel" "$kernel" "$VM_ROOT") || { echo "1..0 # SKIP SKIPPED: the kernel cannot be fetched"; exit 77; } ;;
esac
[ -n "$kernel" ] || { echo "1..0 # SKIP SKIPPED: no cloud kernel with headers is installed"; exit 77; }
module=$("$here/build_module" "$kernel" "$scratch/module" "$VM_ROOT") || exit
engines="env CAIRN_REQUIRE_KMOD=1 CAIRN_TEST_DIRECTORY=/tmp $build/bin/engine_test --gtest_filter='EnginesAgree.*'"
sequences=${KMOD_FUZZ_SEQUENCES:-2000}
chmod -R a+rX "$scratch"
vm() { "$here/run" -k "$kernel" -m "$module" "$@" || exit; }
# For dumps of all kinds of memory.
memory="echo 8 >/proc/sys/vm/nr_hugepages && mkswap /dev/ram0 >/dev/null && swapon /dev/ram0"
subjects="count files memory huge_pages settings signals threads timers"
case $part in
  module)
    export VM_PREPARE=$memory
    vm -t 240 "$build/tests/vm/kmod_dump" "$engines" "$build/tests/vm/kmod_barrier && rmmod cairn && insmod $module"
    vm -t "$((120 + sequences / 15))" -u nobody "$build/tests/vm/kmod_dump" "$engines" "$build/tests/vm/kmod_fuzz $sequences" ;;
  job)
    vm -t 300 -M 3072 "$here/job.bash $build unload"
    vm -t 300 -M 3072 -u nobody "$here/job.bash $build" ;;
  nodes)
    mkdir "$scratch/shared"
    vm -t 400 -M 3072 -c 1 -n 2 -w "$scratch/shared" "$here/two_nodes.bash $build $scratch/shared" ;;
  stuck)
    vm -t 800 -M 3072 "CAIRN_MODULE=$module $here/stuck.bash $build" ;;
  process)
    export VM_PREPARE=$memory
    vm -t 400 "for subject in $subjects; do echo \$subject; python3 $here/../process/cr_cycle.py --cycles 2 \
      --option=--engine=kmod $build/bin -- $build/bin/cr_\$subject @FLAG@ more || exit; done" ;;
  large)
    vm -t 600 -M 10240 "$build/tests/vm/kmod_dump large" ;;
  table)
    VM_THREADS=single VM_QEMU="-icount shift=0,sleep=off" vm -t 1500 -M 3072 -c 1 "$here/engine_table.bash $build" ;;
  *) sed -n '3,/^set/{/^#/p}' "$0" >&2; exit 2 ;;
esac
