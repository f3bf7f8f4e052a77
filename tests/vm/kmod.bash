#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: kmod.bash BUILD PART [KERNEL|SUITE]
# Tests of the module inside machines, on the installed cloud kernel, on KERNEL, or on the newest one of a Debian suite
# (bookworm-backports). PART: module (its own tests, BUILD/tests/vm), process (single processes that check themselves),
# job (a job on one machine, as root and as a user), nodes (a job on two machines, as root and as a user),
# stuck (a job with threads that do not reach the barrier), large (8 GiB in use), leaks (of kernel memory),
# kernels (a job saved under this kernel, restarted under the installed one, and the other way round),
# table (both engines' costs by counted instructions; a measurement). Prints TAP; exits 77 where QEMU or the kernel is
# missing.
set -u
usage() { sed -n '3,/^set/{/^#/p}' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
build=$1 part=$2 kernel=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
installed=$("$here/newest_kernel")
export VM_ROOT=
case $kernel in
  '') kernel=$installed ;;
  *-backports)
    VM_ROOT=$scratch/root
    kernel=$("$here/fetch_kernel" "$kernel" "$VM_ROOT") || { echo "1..0 # SKIP SKIPPED: the kernel cannot be fetched"; exit 77; } ;;
esac
[ -n "$kernel" ] || { echo "1..0 # SKIP SKIPPED: no cloud kernel with headers is installed"; exit 77; }
module=$("$here/build_module" "$kernel" "$scratch/module" "$VM_ROOT") || exit
chmod -R a+rX "$scratch"
shared=$scratch/shared
mkdir -m 1777 "$shared"

vm() { "$here/run" -k "$kernel" -m "$module" "$@" || exit; }

# For dumps of all kinds of memory.
with_all_memory() {
  VM_PREPARE="dd if=/dev/zero of=/dev/ram0 bs=1M count=16 status=none &&
    echo 8 >/proc/sys/vm/nr_hugepages && mkswap /dev/ram0 >/dev/null && swapon /dev/ram0" "$@"
}

engines="env CAIRN_REQUIRE_KMOD=1 CAIRN_TEST_DIRECTORY=/tmp $build/tests/programs/engine_test --gtest_filter='EnginesAgree.*'"
sequences=${KMOD_FUZZ_SEQUENCES:-2000}

case $part in
  module)
    with_all_memory vm -t 240 "$build/tests/vm/kmod_dump" "$engines" \
      "$build/tests/vm/kmod_barrier && rmmod cairn && insmod $module"
    with_all_memory vm -t "$((120 + sequences / 15))" -u nobody "$build/tests/vm/kmod_dump" "$engines" \
      "$build/tests/vm/kmod_fuzz $sequences" ;;
  process)
    subjects="count files memory huge_pages settings signals threads timers"
    with_all_memory vm -t 400 "for subject in $subjects; do echo \$subject; python3 $here/../lib/cr_cycle.py \
      --cycles 2 --option=--engine=kmod $build/bin -- $build/tests/programs/cr_\$subject @FLAG@ more || exit; done" ;;
  job)
    vm -t 300 -M 3072 "$here/job.bash $build unload"
    vm -t 300 -M 3072 -u nobody "$here/job.bash $build all" ;;
  nodes)
    for user in root nobody; do
      vm -t 400 -M 3072 -c 1 -n 2 -u $user -w "$shared" "$here/two_nodes.bash $build $shared"
    done ;;
  stuck)
    vm -t 800 -M 3072 "CAIRN_MODULE=$module $here/stuck.bash $build" ;;
  large)
    vm -t 600 -M 10240 "$build/tests/vm/kmod_dump large" ;;
  leaks)
    with_all_memory vm -t 400 "$here/leaks.bash $build/tests/vm/kmod_dump" \
      "$here/leaks.bash $build/tests/vm/kmod_fuzz 1000" "$here/leaks.bash $build/tests/vm/kmod_barrier" ;;
  kernels)
    other=$("$here/build_module" "$installed" "$scratch/other") || exit
    mkdir "$shared/there" "$shared/here"
    vm -t 300 -M 3072 -w "$shared/there" "$here/job.bash $build save $shared/there"
    VM_ROOT='' "$here/run" -k "$installed" -m "$other" -t 300 -M 3072 -w "$shared" \
      "$here/job.bash $build restart $shared/there" "$here/job.bash $build save $shared/here" || exit
    vm -t 300 -M 3072 -w "$shared/here" "$here/job.bash $build restart $shared/here" ;;
  table)
    VM_THREADS=single VM_QEMU="-icount shift=0,sleep=off" vm -t 1500 -M 3072 -c 1 "$here/engine_table.bash $build" ;;
  *) usage ;;
esac
