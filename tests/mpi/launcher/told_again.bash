# SPDX-License-Identifier: Apache-2.0
# ompi-restart places the ranks, and treats their output and later snapshots, as mpirun was told; the program's name is
# carried on.
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.told_again mpirun ompi-restart
unset OMPI_MCA_rmaps_base_oversubscribe
mkdir later
start_command "$BIN/mpirun" --with-cr --cr-dir later --host localhost:2 --bind-to none --tag-output -np 1 \
  "$EXAMPLES/ring" --seconds 60 --report 10 : -np 1 "$EXAMPLES/ring" --seconds 60 --report 10
wait_for_line '^\[1,0\].*[sS]tep'
checkpoint --term
wait_job 60
restart
wait_for_line '^\[1,0\].*[sS]tep'
"$BIN/ompi-checkpoint" --status "$JOB_PID" >status
grep -qF "program: $EXAMPLES/ring, restarted from $SNAPSHOT/" status || fail "$(cat status)"
JOB_LOG=$JOB_LOG checkpoint --term
[ "${SNAPSHOT%/*}" -ef later ] || fail "$SNAPSHOT is not where it should be"
wait_job 60
"$BIN/ompi-restart" --showme --mpirun_opts '--bind-to core' "$SNAPSHOT" >showme || fail "--showme"
grep -q -- '--host localhost:2 .*--tag-output .*-np 1 : -np 1' showme || fail "$(cat showme)"
! grep -q -- '--bind-to none' showme || fail "$(cat showme)"
"$BIN/ompi-restart" -i "$SNAPSHOT" >info || fail "-i"
grep -qxF "  program $EXAMPLES/ring" info || fail "$(cat info)"
"$BIN/ompi-snapshot" show --json "$SNAPSHOT" >info || fail "show"
grep -qF "\"program\":\"$EXAMPLES/ring\"" info || fail "$(cat info)"
restart
wait_for_line '^\[1,0\].*[sS]tep'
"$BIN/ompi-checkpoint" --status "$JOB_PID" >status
grep -qF "program: $EXAMPLES/ring, restarted from $SNAPSHOT/" status || fail "$(cat status)"
kill_job
