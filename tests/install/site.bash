#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a site gets beside the commands: completion for bash knows options and running jobs, the module file leads to them.
# shellcheck source=tests/lib/job.bash
. "$(dirname "$0")/../lib/job.bash"
test_begin install.site cmake mpirun
prefix=$SCRATCH/prefix
cmake --install "$CAIRN_BUILD" --prefix "$prefix" >"$SCRATCH/install.log" || fail "cmake --install"

completions() { # COMMAND WORD
  # shellcheck disable=SC2016
  PATH=$prefix/bin:$PATH bash -c '. "$1"; COMP_CWORD=1; _cairn "$2" "$3"; printf "%s\n" "${COMPREPLY[@]}"' \
    complete "$prefix/share/bash-completion/completions/$1" "$1" "$2"
}
completions ompi-checkpoint --te | grep -qx -- --term || fail "no completion of --term"
completions cr_checkpoint --ki | grep -qx -- --kill || fail "no completion of --kill"
completions ompi-snapshot ver | grep -qx verify || fail "no completion of verify"
start_job -np 2 "$EXAMPLES/ring" --seconds 60
wait_for_line '^step 1/'
completions ompi-checkpoint '' | grep -qx "$JOB_PID" || fail "no completion of the job's number"
kill_job

modules=/usr/lib/x86_64-linux-gnu/modulecmd.tcl
[ -f "$modules" ] || skip "environment-modules is not there"
loaded=$(MODULEPATH=$prefix/share/modulefiles tclsh "$modules" bash load cairn) || fail "module load cairn"
found=$(eval "$loaded"; command -v ompi-checkpoint)
[ "$found" = "$prefix/bin/ompi-checkpoint" ] || fail "with the module, ompi-checkpoint is $found"
