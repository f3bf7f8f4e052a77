#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: crossings.bash BUILD light|check|full [TRANSPORT]
# Inside a machine whose processor lets user space write the thread pointer (FSGSBASE), which not every machine that
# builds Cairn has: what crosses into the host by that instruction. Entries of all shapes, and a job with this kind of
# crossings, killed and restarted, whose thread-local state and results stay right.
set -u
mode=$2 transport=${3:-vader}
export CAIRN_BUILD=$1 CAIRN_TEST_SLOW=${CAIRN_TEST_SLOW:-5} OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_btl_tcp_if_include=lo  # there is no other interface
crcp=$(cd "$(dirname "$0")/../mpi/crcp" && pwd)
fail() { echo "FAIL: $*"; exit 1; }

"$CAIRN_BUILD/bin/cr_info" | grep -Eq '^ *FSGSBASE:? +yes' || fail "this machine has no FSGSBASE"

entries=$("$CAIRN_BUILD/tests/programs/host_test" --gtest_filter='*Routed*:*Entr*') || fail "$entries"
if [ "$(grep -c 'OK .*ByInstruction' <<<"$entries")" -lt 7 ] || grep -q SKIPPED <<<"$entries"; then fail "$entries"; fi
grep PASSED <<<"$entries"

# Without threads: with them Open MPI uses cmpxchg16b, which this processor has not (machine.bash).
bash "$crcp/light_crossings.bash" "$mode" single "$transport" 1
