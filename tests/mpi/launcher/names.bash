# SPDX-License-Identifier: Apache-2.0
# mpirun --with-cr finds the program that mpirun finds, or fails as it does, however the program is named.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.names mpirun

# program FILE TEXT: a script that says TEXT.
program() {
  mkdir -p "$(dirname "$1")"
  printf '#!/bin/sh\necho "%s $*"\n' "$2" >"$1"
  chmod 755 "$1"
}

program work/here "in the working directory"
program work/both "in the working directory"
program work/sub/below "below"
program path/both "in PATH"
program path/there "in PATH"
program other/here "in the other directory"
program other/elsewhere "in the other directory"
program work/forbidden "not executable"
chmod 644 work/forbidden
mkdir work/folder
ln -s sub/below work/link
printf -- '-np 1 here from-a-file\n-np 1 there from-a-file\n' >work/applications
export PATH=$SCRATCH/path:$PATH
cd work || exit 1

# same ARGUMENTS: with and without Cairn.
same() {
  local native hosted native_status hosted_status
  native=$(timeout 60 "$BIN/mpirun" "$@" 2>/dev/null </dev/null | sort; exit "${PIPESTATUS[0]}")
  native_status=$?
  hosted=$(timeout 60 "$BIN/mpirun" --with-cr --cr-dir "$SCRATCH/snapshots" "$@" 2>/dev/null </dev/null | sort
    exit "${PIPESTATUS[0]}")
  hosted_status=$?
  [ "$native_status:$native" = "$hosted_status:$hosted" ] ||
    fail "$*: status $hosted_status, '$hosted'; without Cairn $native_status, '$native'"
}

for name in here there both below sub/below ./here link forbidden folder not-there ./not-there "$SCRATCH/work/here"; do
  same -np 1 "$name" argument
done
same -np 1 --wdir "$SCRATCH/other" elsewhere
same -np 1 --wdir "$SCRATCH/other" here
same -np 1 --wdir "$SCRATCH/other" both
for name in elsewhere both here there; do same -np 1 --path "$SCRATCH/none:$SCRATCH/other" "$name"; done
same -np 1 --path "$SCRATCH/work" both
same -np 1 here one : -np 1 there two
same --app applications
