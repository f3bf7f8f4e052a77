# SPDX-License-Identifier: Apache-2.0
# Without --with-cr it is the real mpirun: arguments, output and exit code; and a program's own --with-cr is its own.
. "$(dirname "$0")/launcher.bash"
launcher_begin launcher_arguments
start_command "$BIN/mpirun" -np 2 sh -c 'echo "arguments: $*"; exit 7' sh --with-cr --cr-dir x
expect_status 7 30
[ "$(grep -cx 'arguments: --with-cr --cr-dir x' "$JOB_LOG")" -ge 1 ] || fail "arguments were touched"
! grep -q launcher "$JOB_LOG" || fail "a rank was hosted"
start_command "$BIN/mpirun" --with-cr --cr-nonsense 3 -np 1 true
expect_status 2 30
start_command "$BIN/mpirun" --with-cr --cr-dir /nonexistent -np 1 true
expect_status 4 30
start_command env CAIRN_REAL_MPIRUN="$BIN/mpirun" "$BIN/mpirun" -np 1 true
expect_status 4 30
