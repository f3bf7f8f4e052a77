# SPDX-License-Identifier: Apache-2.0
# mpirun --with-cr ends by a signal as the real mpirun does, also when its whole group gets it, and leaves nothing.
#   $1 signal, $2 "mpirun" or "group"
. "$(dirname "$0")/launcher.bash"
launcher_begin "launcher_signals_$1_$2"
JOB_WRAPPER=(setsid)
start_command "$(sed -n 's/^CAIRN_REAL_MPIRUN:[A-Z]*=//p' "$CAIRN_BUILD/../../CMakeCache.txt")" -np 2 sleep 60
until [ "$(tree_of "$JOB_PID" | wc -l)" -ge 3 ]; do sleep 0.02; done
note_segments
end=$((SECONDS + 30))
# The real mpirun installs its handlers only after it has started the ranks.
until ! grep -q '^SigCgt:\t0*$' "/proc/$JOB_PID/status"; do [ "$SECONDS" -lt "$end" ] || fail "no handlers"; done
kill -s "$1" -- "$JOB_PID"
wait_job 30
native=$JOB_STATUS
start_ranks 2
note_segments
[ "$2" = group ] && target=-$JOB_PID || target=$JOB_PID
kill -s "$1" -- "$target"
expect_status "$native" 30
