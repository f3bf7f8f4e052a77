# SPDX-License-Identifier: Apache-2.0
# The options of a restart act as well if the command that --showme prints, or the file that --apponly writes, is used.
# shellcheck source=tests/lib/job.bash
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../lib/job.bash"
test_begin launcher.options_passed mpirun ompi-checkpoint ompi-restart

cat >rank.sh <<'R'
exec 9<>own
exec "$@"
R
echo 'before the checkpoint' >own
start_job -np 1 sh rank.sh "$EXAMPLES/ring" --seconds 300 --report 10
wait_for_line '[sS]tep'
checkpoint --term
wait_job 60
echo 'after the checkpoint' >>own
cp own whole

"$BIN/ompi-restart" --showme --grown keep "$SNAPSHOT" >showme || fail "--showme"
start_command bash -c "exec $(cat showme)"
wait_for_line '[sS]tep'
cmp own whole || fail "the file was cut, though the printed command was to keep it"
kill_job

"$BIN/ompi-restart" --apponly --grown keep "$SNAPSHOT" >file || fail "--apponly"
start_command "$BIN/mpirun" --app "$(cat file)"
wait_for_line '[sS]tep'
cmp own whole || fail "the file was cut, though the application context file was to keep it"
kill_job
